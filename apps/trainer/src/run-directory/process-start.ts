import { readFileSync } from "node:fs";

/** When a process started, as the system counts it, where it says so (Linux): tells a process from a later one of the same id. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 22, counted behind the command name, which may itself hold spaces and brackets (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; only its parent has not noticed yet.
    return fields[0] === "Z" ? "ended" : fields[19];
  } catch {
    return undefined;
  }
}
