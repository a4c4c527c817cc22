import { readFileSync } from "node:fs";
import { FoveaError, type Usage } from "@fovea-rl/core";
import type { AccuracyEstimate } from "./accuracy-estimate.ts";
import { writeJson } from "./write-file-atomically.ts";

/** status.json: where a run stands. */
export interface RunStatus {
  readonly state: "running" | "interrupted" | "failed" | "finished";
  readonly step: number;
  readonly updates: number;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly error?: string;
  readonly before?: AccuracyEstimate;
  readonly after?: AccuracyEstimate;
  readonly trainingSeconds: number;
  readonly totalTokens: number;
  /** What the engine's work amounts to so far, evaluations included, where it tells. */
  readonly usage?: Usage;
}

export function writeStatus(path: string, status: Omit<RunStatus, "updatedAt">): Promise<void> {
  return writeJson(path, { ...status, updatedAt: new Date().toISOString() });
}

/** @throws FoveaError if the file is there and no status. */
export function readStatus(path: string): RunStatus | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as RunStatus;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new FoveaError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
