import type { ExtraPasses, Usage } from "@fovea-rl/core";
import type { Configuration } from "../configuration/configuration.ts";
import type { Run } from "./run.ts";
import type { TrainingState } from "./training-state.ts";

/** What a run will use of an engine that knows, in the engine's own units. */
export interface UsageEstimate {
  /** If a filter keeps every group, and every response is as long as it may be. */
  readonly expected: Usage;
  /** If the filter refuses as many as it may; the same where there is none. */
  readonly most: Usage;
}

/** Prompts whose length is looked at. */
const MEASURED_PROMPTS = 32;

/** Held-out prompts that are answered from after `step` to the end: see trainingLoop. */
export function evaluationPromptsAhead(configuration: Configuration, step: number): number {
  const { training, evaluation } = configuration;
  const ends = (step === 0 ? 1 : 0) + (step < training.updates ? 1 : 0);
  const before = (last: number) => (evaluation.everyUpdates > 0 ? Math.floor(last / evaluation.everyUpdates) : 0);
  const between = Math.max(0, before(training.updates - 1) - before(step));
  return ends * evaluation.prompts + between * evaluation.progressPrompts;
}

async function meanPromptTokens({ task, policy, configuration }: Run, cursor: number): Promise<number> {
  const count = Math.min(MEASURED_PROMPTS, configuration.training.promptsPerUpdate);
  let sum = 0;
  for (let index = 0; index < count; index++) sum += policy.promptLength(await task.prompt("train", cursor + index));
  return sum / count;
}

/** What is left of a run from a state on; undefined for an engine whose work costs nothing but time. */
export async function estimateUsage(
  run: Run,
  extraPasses: ExtraPasses,
  state: TrainingState,
): Promise<UsageEstimate | undefined> {
  const { policy, configuration, loss, filter } = run;
  if (policy.estimateUsage === undefined) return undefined;
  const { training, sampling } = configuration;
  const work = {
    updates: training.updates - state.step,
    promptsPerUpdate: training.promptsPerUpdate,
    rolloutsPerPrompt: training.rolloutsPerPrompt,
    promptTokens: await meanPromptTokens(run, state.promptCursor),
    responseTokens: sampling.maximumTokens,
    extraPasses,
    evaluationPrompts: evaluationPromptsAhead(configuration, state.step),
    loss,
  };
  return {
    expected: policy.estimateUsage({ ...work, samplingFactor: 1 }),
    most: policy.estimateUsage({ ...work, samplingFactor: filter?.maximumSamplingRounds ?? 1 }),
  };
}
