import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import {
  checkpointDirectory,
  checkpointSteps,
  removeCheckpoint,
  removeUnfinishedCheckpoints,
  verifyCheckpoint,
} from "../run-directory/checkpoint.ts";
import { truncateJsonLines } from "../run-directory/json-lines-file.ts";
import type { RunPaths } from "../run-directory/run-paths.ts";
import { initialTrainingState, type TrainingState } from "./training-state.ts";

/** Where a run goes on: a checkpoint that has been checked file by file, or the beginning. */
export interface ResumePoint {
  readonly state: TrainingState;
  /** Directory of what the policy saved; undefined at the beginning. */
  readonly policyDirectory: string | undefined;
}

/**
 * The newest checkpoint, or that of `step`.
 *
 * @throws FoveaError if it is broken: an older one is taken only when asked for.
 */
export async function findResumePoint(paths: RunPaths, step?: number): Promise<ResumePoint> {
  const steps = await checkpointSteps(paths.checkpoints);
  const chosen = step ?? steps.at(-1);
  if (step === 0 || chosen === undefined) return { state: initialTrainingState, policyDirectory: undefined };
  if (!steps.includes(chosen)) {
    throw new FoveaError(
      `${paths.directory} has no checkpoint of step ${chosen}; there are: ${steps.join(", ") || "none"}`,
    );
  }
  const directory = checkpointDirectory(paths.checkpoints, chosen);
  try {
    return { state: await verifyCheckpoint(directory), policyDirectory: join(directory, "policy") };
  } catch (error) {
    const older = steps.filter((candidate) => candidate < chosen).at(-1) ?? 0;
    const hint = `; to go on from ${older === 0 ? "the beginning" : `step ${older}`}: fovea train --resume ${paths.directory} --from-step ${older}`;
    throw error instanceof FoveaError ? new FoveaError(error.message + hint, { cause: error }) : error;
  }
}

async function removeLaterFiles(directory: string, step: number): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    const number = name.match(/^step-(\d+)\.jsonl$/)?.[1];
    if ((number !== undefined && Number(number) > step) || name.endsWith(".partial")) await rm(join(directory, name));
  }
}

/**
 * Takes back what was recorded after a step, so that the steps done again are recorded once.
 *
 * @throws FoveaError if the records of the steps before are not all there.
 */
export async function rewindRecords(paths: RunPaths, step: number): Promise<void> {
  // Checkpoints first: a process killed in here leaves none whose records are gone.
  await removeUnfinishedCheckpoints(paths.checkpoints);
  for (const later of (await checkpointSteps(paths.checkpoints)).filter((candidate) => candidate > step)) {
    await removeCheckpoint(paths.checkpoints, later);
  }
  // An evaluation of step 0 belongs to the state in a checkpoint; without one it is done again.
  const kept = step === 0 ? -1 : step;
  for (const path of [paths.metrics, paths.timings]) {
    const last = await truncateJsonLines(path, kept);
    if (last !== kept) {
      throw new FoveaError(
        `${path} ends with step ${last}, but the checkpoint is of step ${step}: records were removed; to start over: fovea train --resume ${paths.directory} --from-step 0`,
      );
    }
  }
  for (const directory of [paths.rollouts, paths.evaluations]) await removeLaterFiles(directory, kept);
}
