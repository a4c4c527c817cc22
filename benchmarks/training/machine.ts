import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";

/** What the measurements ran on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly vectorUnits: string;
  readonly system: string;
  readonly node: string;
  readonly loadAtStart: readonly number[];
  readonly date: string;
}

export function describeMachine(): Machine {
  let flags = "";
  try {
    flags = execFileSync("lscpu", { encoding: "utf8" });
  } catch {
    // Not on Linux.
  }
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    vectorUnits: ["avx512f", "avx2", "fma"].filter((flag) => new RegExp(`\\b${flag}\\b`).test(flags)).join(", "),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    loadAtStart: loadavg(),
    date: new Date().toISOString().slice(0, 10),
  };
}
