import { FoveaError } from "./fovea-error.ts";
import type { Credit, RolloutGroup } from "./rollout.ts";

/** The rewards of a group, `[rollouts]`. */
export function groupRewards(group: RolloutGroup): Float64Array {
  return Float64Array.from(group.rollouts, ({ verdict }) => verdict.reward);
}

/**
 * Credit that gives every token of a rollout the rollout's advantage.
 *
 * @param advantages `[rollouts]` of the group.
 */
export function uniformCredit(group: RolloutGroup, advantages: ArrayLike<number>): readonly Credit[] {
  if (advantages.length !== group.rollouts.length) {
    throw new FoveaError(
      `${advantages.length} advantages for the ${group.rollouts.length} rollouts of prompt "${group.prompt.id}"`,
    );
  }
  return group.rollouts.map(({ tokens }, index) => ({
    advantages: new Float32Array(tokens.length).fill(advantages[index]!),
  }));
}

/**
 * The same credit with one more column.
 *
 * @param values `[groups][rollouts][T]`
 */
export function withColumn(
  credit: readonly (readonly Credit[])[],
  name: string,
  values: readonly (readonly Float32Array[])[],
): readonly (readonly Credit[])[] {
  return credit.map((group, groupIndex) =>
    group.map((one, rollout) => ({ ...one, columns: { ...one.columns, [name]: values[groupIndex]![rollout]! } })),
  );
}
