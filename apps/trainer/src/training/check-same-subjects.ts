import { readFileSync } from "node:fs";
import { FoveaError } from "@fovea-rl/core";
import type { RunManifest } from "../run-directory/manifest.ts";

/** @throws FoveaError if the file is there and cannot be read. */
export function readManifest(path: string): RunManifest | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as RunManifest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new FoveaError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** What differs between two records, each as "name before -> after". */
function differences(earlier: RunManifest["policy"], now: RunManifest["policy"]): string[] {
  const names = new Set([...Object.keys(earlier), ...Object.keys(now)]);
  return [...names]
    .filter((name) => earlier[name] !== now[name])
    .map((name) => `${name} ${earlier[name] ?? "absent"} -> ${now[name] ?? "absent"}`);
}

/**
 * Refuses to go on with a run whose data or base weights are no longer what they were; says so where versions, or what the engine says
 * of itself, differ.
 *
 * @throws FoveaError
 */
export function checkSameSubjects(
  earlier: RunManifest,
  now: RunManifest,
  onNotice: (notice: string) => void = () => {},
): void {
  for (const [key, what] of [
    ["taskFingerprint", "the task's data"],
    ["baseWeights", "the base weights"],
  ] as const) {
    if (earlier[key] !== now[key]) {
      throw new FoveaError(
        `${what} changed since the run began (${key} was ${earlier[key]}, is ${now[key]}): start a new run instead`,
      );
    }
  }
  const changes = [...differences(earlier.packages, now.packages), ...differences(earlier.policy, now.policy)];
  if (changes.length > 0) onNotice(`not what the run began with, results may differ: ${changes.join(", ")}`);
}
