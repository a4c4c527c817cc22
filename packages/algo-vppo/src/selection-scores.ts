import {
  type AdvantageInput,
  FoveaError,
  type RolloutGroup,
  randomGenerator,
  type Scorer,
  scoreRollouts,
} from "@fovea-rl/core";
import type { FilteringOptions } from "./vppo-options.ts";

/** Scores of every token, `[groups][rollouts][T]`: the tokens with the highest learn. */
export type SelectionScores = readonly (readonly ArrayLike<number>[])[];

/**
 * What tokens are chosen by: their visual dependency, or, to compare it with, their entropy or chance.
 *
 * @param dependencies `[groups][rollouts][T]`, where they are measured.
 */
export async function selectionScores(
  selection: FilteringOptions["selection"],
  { groups, seed, step }: AdvantageInput,
  scorer: Scorer,
  dependencies: SelectionScores | undefined,
): Promise<SelectionScores> {
  switch (selection) {
    case "dependency":
      if (!dependencies) throw new FoveaError("tokens are to be chosen by a dependency that was not measured");
      return dependencies;
    case "entropy":
      return tokenEntropies(groups, scorer);
    case "random":
      return groups.map(({ rollouts }) =>
        rollouts.map(({ promptId, sampleIndex, tokens }) => {
          const random = randomGenerator({ seed, purpose: "select-tokens", step, promptId, sampleIndex });
          return Float64Array.from(tokens, () => random.uniform());
        }),
      );
  }
}

/** As the engine gave them while sampling, or else by one more pass. */
async function tokenEntropies(groups: readonly RolloutGroup[], scorer: Scorer): Promise<SelectionScores> {
  const sampled = groups.map(({ rollouts }) => rollouts.flatMap(({ entropies }) => (entropies ? [entropies] : [])));
  if (sampled.every((rows, group) => rows.length === groups[group]!.rollouts.length)) return sampled;
  const scores = await scoreRollouts(scorer, groups, { entropies: true });
  return scores.map((group) =>
    group.map(({ entropies }) => {
      if (!entropies) throw new FoveaError("the policy was asked for entropies and gave none");
      return entropies;
    }),
  );
}
