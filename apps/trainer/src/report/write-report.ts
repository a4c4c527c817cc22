import { join, resolve } from "node:path";
import { buildReport } from "@fovea-rl/run-viewer";
import { writeFileAtomically } from "../run-directory/write-file-atomically.ts";

/**
 * Writes `report.html` into a run directory, or into a comparison or folder of runs: one file that needs no other, and no
 * network.
 *
 * @returns its path
 * @throws FoveaError if there is no run.
 */
export async function writeReport(directory: string): Promise<string> {
  const path = join(resolve(directory), "report.html");
  await writeFileAtomically(path, await buildReport(resolve(directory)));
  return path;
}
