import { readFile } from "node:fs/promises";

/** Resident memory of this process in bytes, now and at its peak, as Linux counts it. */
export async function residentMemory(): Promise<{ readonly resident: number; readonly peak: number }> {
  const status = await readFile("/proc/self/status", "utf8");
  const bytes = (field: string) => 1024 * Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]);
  return { resident: bytes("VmRSS"), peak: bytes("VmHWM") };
}
