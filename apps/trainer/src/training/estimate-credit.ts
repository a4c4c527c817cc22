import { type CreditedRollout, type RolloutGroup, validateCredit } from "@fovea-rl/core";
import type { Run } from "./run.ts";

export interface CreditedBatch {
  readonly groups: readonly RolloutGroup<CreditedRollout>[];
  /** What the Advantage reported. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Asks the algorithm's Advantage, and refuses credit that its Loss could not be trusted with. */
export async function estimateCredit(
  run: Run,
  groups: readonly RolloutGroup[],
  miniBatches: readonly (readonly number[])[],
  update: number,
): Promise<CreditedBatch> {
  const { seed, algorithm } = run.configuration;
  const output = await run.advantage.estimate({ groups, miniBatches, step: update, seed });
  validateCredit(algorithm.use, run.loss, groups, output);
  return {
    groups: groups.map(({ prompt, rollouts }, group) => ({
      prompt,
      rollouts: rollouts.map((rollout, index) => ({ ...rollout, credit: output.credit[group]![index]! })),
    })),
    metrics: output.metrics,
  };
}
