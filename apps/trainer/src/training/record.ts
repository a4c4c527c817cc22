import type { CreditedRollout, EvaluationRecord, Recorder, RolloutGroup, StepRecord } from "@fovea-rl/core";
import { writeError } from "../run-directory/write-error.ts";

async function eachRecorder(
  recorders: readonly Recorder[],
  action: (recorder: Recorder) => void | Promise<void>,
): Promise<void> {
  for (const recorder of recorders) {
    try {
      await action(recorder);
    } catch (error) {
      throw writeError(error, `the records of the recorder "${recorder.name}"`);
    }
  }
}

export async function recordUpdate(
  recorders: readonly Recorder[],
  record: StepRecord,
  groups: readonly RolloutGroup<CreditedRollout>[],
): Promise<void> {
  await eachRecorder(recorders, (recorder) => recorder.recordStep(record));
  await eachRecorder(recorders, (recorder) => recorder.recordRollouts?.(record.step, groups));
}

export function recordEvaluation(recorders: readonly Recorder[], record: EvaluationRecord): Promise<void> {
  return eachRecorder(recorders, (recorder) => recorder.recordEvaluation?.(record));
}

export function flushRecorders(recorders: readonly Recorder[]): Promise<void> {
  return eachRecorder(recorders, (recorder) => recorder.flush?.());
}

/** Closes all, even if one fails. */
export async function closeRecorders(recorders: readonly Recorder[]): Promise<void> {
  await Promise.allSettled(recorders.map(async (recorder) => recorder.close?.()));
}
