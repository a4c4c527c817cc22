import { FoveaError } from "./fovea-error.ts";

/** Statistics of the rewards of one group. */
export interface GroupStatistics {
  readonly mean: number;
  /** Unbiased (divided by G - 1); 0 for a single rollout. */
  readonly standardDeviation: number;
  readonly minimum: number;
  readonly maximum: number;
}

/**
 * @param rewards `[rollouts of one group]`
 * @throws FoveaError if there are none or one is not finite.
 */
export function groupStatistics(rewards: ArrayLike<number>): GroupStatistics {
  if (rewards.length === 0) throw new FoveaError("a group without rollouts has no statistics");
  let sum = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < rewards.length; index++) {
    const reward = rewards[index]!;
    if (!Number.isFinite(reward)) throw new FoveaError(`the reward of rollout ${index} of a group is ${reward}`);
    sum += reward;
    minimum = Math.min(minimum, reward);
    maximum = Math.max(maximum, reward);
  }
  const mean = sum / rewards.length;
  let squares = 0;
  for (let index = 0; index < rewards.length; index++) squares += (rewards[index]! - mean) ** 2;
  const standardDeviation = rewards.length > 1 ? Math.sqrt(squares / (rewards.length - 1)) : 0;
  return { mean, standardDeviation, minimum, maximum };
}

/** How a rollout's reward is compared with those of its group. */
export const GROUP_ADVANTAGES = ["group-normalised", "mean-centred", "leave-one-out"] as const;
export type GroupAdvantage = (typeof GROUP_ADVANTAGES)[number];

/** One of the three below, by name. */
export function groupAdvantage(kind: GroupAdvantage, rewards: ArrayLike<number>): Float64Array {
  switch (kind) {
    case "group-normalised":
      return groupNormalisedAdvantage(rewards);
    case "mean-centred":
      return meanCentredAdvantage(rewards);
    case "leave-one-out":
      return leaveOneOutAdvantage(rewards);
  }
}

/**
 * (R_i - mean) / (std + epsilon), unbiased std: GRPO (Shao et al. 2024).
 *
 * @param rewards `[rollouts of one group]`
 * @returns the same shape; exactly zero for a group without spread.
 */
export function groupNormalisedAdvantage(
  rewards: ArrayLike<number>,
  { epsilon = 1e-6 }: { readonly epsilon?: number } = {},
): Float64Array {
  const { standardDeviation } = groupStatistics(rewards);
  return meanCentredAdvantage(rewards).map((centred) => centred / (standardDeviation + epsilon));
}

/** R_i - mean: Dr. GRPO (Liu et al. 2025). Shapes as {@link groupNormalisedAdvantage}. */
export function meanCentredAdvantage(rewards: ArrayLike<number>): Float64Array {
  const { mean, minimum, maximum } = groupStatistics(rewards);
  // Equal rewards must give 0, not the rounding error of their mean, which a division by a tiny std would blow up.
  return Float64Array.from(rewards, (reward) => (minimum === maximum ? 0 : reward - mean));
}

/** R_i - mean of the others: RLOO (Ahmadian et al. 2024). Zero for a single rollout. Shapes as {@link groupNormalisedAdvantage}. */
export function leaveOneOutAdvantage(rewards: ArrayLike<number>): Float64Array {
  const count = rewards.length;
  return meanCentredAdvantage(rewards).map((centred) => (count > 1 ? (centred * count) / (count - 1) : 0));
}
