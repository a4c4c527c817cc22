import { checkpointSteps, removeCheckpoint, writeCheckpoint } from "../run-directory/checkpoint.ts";
import type { RunPaths } from "../run-directory/run-paths.ts";
import { performUpdate } from "./perform-update.ts";
import { flushRecorders, recordUpdate } from "./record.ts";
import type { Run } from "./run.ts";
import { runEvaluation } from "./run-evaluation.ts";
import type { TrainingState } from "./training-state.ts";

async function saveCheckpoint(run: Run, paths: RunPaths, state: TrainingState): Promise<void> {
  run.onPhase("save");
  // The records of the steps in a checkpoint must not be younger on the disk than the checkpoint.
  await flushRecorders(run.recorders);
  await writeCheckpoint(paths.checkpoints, state, run.policy);
  const steps = await checkpointSteps(paths.checkpoints);
  for (const step of steps.slice(0, -run.configuration.checkpoints.keep))
    await removeCheckpoint(paths.checkpoints, step);
}

/**
 * Updates the policy from `state` to the last update, evaluating and saving on the way.
 *
 * @param onState hears of each state reached.
 * @param signal when aborted, the update in progress is finished and saved, and the loop ends.
 */
export async function trainingLoop(
  run: Run,
  paths: RunPaths,
  initial: TrainingState,
  onState: (state: TrainingState) => Promise<void>,
  signal: AbortSignal,
): Promise<TrainingState> {
  const { training, evaluation, checkpoints } = run.configuration;
  let state = initial;
  let savedStep = initial.step;
  const save = async () => {
    await saveCheckpoint(run, paths, state);
    savedStep = state.step;
  };
  if (state.step === 0 && evaluation.prompts > 0) await runEvaluation(run, paths, 0, evaluation.prompts);
  while (state.step < training.updates && !signal.aborted) {
    const update = await performUpdate(run, state);
    state = update.state;
    const { step } = state;
    await recordUpdate(run.recorders, { step, metrics: update.metrics, timings: update.timings }, update.groups);
    if (step === training.updates) {
      if (evaluation.prompts > 0) await runEvaluation(run, paths, step, evaluation.prompts);
    } else if (evaluation.everyUpdates > 0 && step % evaluation.everyUpdates === 0) {
      await runEvaluation(run, paths, step, evaluation.progressPrompts);
    }
    if (checkpoints.everyUpdates > 0 && step % checkpoints.everyUpdates === 0) await save();
    await onState(state);
  }
  if (state.step !== savedStep) await save();
  return state;
}
