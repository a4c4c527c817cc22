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

/**
 * Refuses to go on with a run whose data or base weights are no longer what they were; says so where versions differ.
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
  const names = new Set([...Object.keys(earlier.packages), ...Object.keys(now.packages)]);
  const changes = [...names]
    .filter((name) => earlier.packages[name] !== now.packages[name])
    .map((name) => `${name} ${earlier.packages[name] ?? "absent"} -> ${now.packages[name] ?? "absent"}`);
  if (earlier.policy["backend"] !== now.policy["backend"]) {
    changes.push(`backend ${String(earlier.policy["backend"])} -> ${String(now.policy["backend"])}`);
  }
  if (changes.length > 0) onNotice(`not what the run began with, results may differ: ${changes.join(", ")}`);
}
