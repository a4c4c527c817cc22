import { FoveaError, type Prompt, type RolloutGroup } from "@fovea-rl/core";
import type { PhaseClock } from "./phase-clock.ts";
import type { Run } from "./run.ts";
import { sampleRollouts } from "./sample-rollouts.ts";
import { verifyRollouts } from "./verify-rollouts.ts";

/** The groups of one update and what it took to find them. */
export interface Batch {
  /** `promptsPerUpdate` groups, shaped by the algorithm. */
  readonly groups: readonly RolloutGroup[];
  /** Mean reward of `groups` before shaping. */
  readonly unshapedReward: number;
  /** All groups sampled, those that the filter refused and those left over included. */
  readonly sampled: readonly RolloutGroup[];
  readonly accepted: number;
  readonly rounds: number;
  /** Where the next update goes on in the task's order. */
  readonly promptCursor: number;
}

/** The next `count` prompts from `cursor` whose ids are not in `taken`: an epoch's end may repeat one within an update. */
async function nextPrompts(run: Run, cursor: number, count: number, taken: Set<string>) {
  const size = run.task.size("train");
  const prompts: Prompt[] = [];
  let place = cursor;
  while (prompts.length < count) {
    if (taken.size >= size) {
      throw new FoveaError(
        `the task "${run.task.name}" has ${size} train prompts, and this update has used them all: lower training.promptsPerUpdate (${run.configuration.training.promptsPerUpdate})`,
      );
    }
    const prompt = await run.task.prompt("train", place++);
    if (taken.has(prompt.id)) continue;
    taken.add(prompt.id);
    prompts.push(prompt);
  }
  return { prompts, cursor: place };
}

function shape(run: Run, { prompt, rollouts }: RolloutGroup): RolloutGroup {
  const { shaping } = run;
  if (!shaping) return { prompt, rollouts };
  return {
    prompt,
    rollouts: rollouts.map((rollout) => {
      const verdict = { ...shaping.shape(rollout, prompt), unshapedReward: rollout.verdict.reward };
      return { ...rollout, verdict };
    }),
  };
}

function meanReward(groups: readonly RolloutGroup[]): number {
  const rewards = groups.flatMap(({ rollouts }) => rollouts.map(({ verdict }) => verdict.reward));
  return rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
}

/**
 * Samples, verifies and filters until `promptsPerUpdate` groups are worth an update. Later rounds ask for as many prompts as the
 * acceptance rate so far suggests, at most a full batch.
 *
 * @param update from 0
 * @throws FoveaError with the acceptance rate when the filter's rounds are spent.
 */
export async function collectBatch(run: Run, update: number, promptCursor: number, clock: PhaseClock): Promise<Batch> {
  const { training, sampling, seed } = run.configuration;
  const wanted = training.promptsPerUpdate;
  const maximumRounds = run.filter?.maximumSamplingRounds ?? 1;
  const taken = new Set<string>();
  const sampled: RolloutGroup[] = [];
  const accepted: { readonly before: RolloutGroup; readonly after: RolloutGroup }[] = [];
  let cursor = promptCursor;
  let rounds = 0;
  while (accepted.length < wanted) {
    if (rounds === maximumRounds) {
      const rate = ((100 * accepted.length) / sampled.length).toFixed(1);
      throw new FoveaError(
        `update ${update + 1}: after ${rounds} rounds of sampling only ${accepted.length} of ${sampled.length} groups (${rate} %) passed the algorithm's filter, and ${wanted} are needed: the task is too easy or too hard for this policy, or the filter too strict; give the filter more rounds, take fewer prompts an update, or change the task`,
      );
    }
    const missing = wanted - accepted.length;
    const rate = sampled.length === 0 ? 0 : accepted.length / sampled.length;
    // Small rounds save sampling while the bound is far; when half of the rounds are spent, every one is a full batch.
    const suggested = rate === 0 || rounds >= maximumRounds / 2 ? wanted : Math.ceil(missing / rate);
    const next = await nextPrompts(run, cursor, Math.min(wanted, suggested), taken);
    cursor = next.cursor;
    const rollouts = await clock.measure("sample", () =>
      sampleRollouts(run.policy, next.prompts, training.rolloutsPerPrompt, sampling, {
        seed,
        purpose: "sample",
        step: update,
      }),
    );
    const graded = await clock.measure("verify", () => verifyRollouts(run.verifiers, rollouts));
    sampled.push(...graded);
    for (const before of graded) {
      const after = shape(run, before);
      if (!run.filter || run.filter.accept(after)) accepted.push({ before, after });
    }
    rounds++;
  }
  const kept = accepted.slice(0, wanted);
  return {
    groups: kept.map(({ after }) => after),
    unshapedReward: meanReward(kept.map(({ before }) => before)),
    sampled,
    accepted: accepted.length,
    rounds,
    promptCursor: cursor,
  };
}
