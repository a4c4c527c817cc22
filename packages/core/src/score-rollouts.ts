import { FoveaError } from "./fovea-error.ts";
import type { ScoreOptions, Scorer, TokenScores } from "./policy.ts";
import type { Rollout, RolloutGroup } from "./rollout.ts";

/**
 * Scores the rollouts of some groups behind their own prompts, each prompt's prefix once.
 *
 * @returns `[groups][rollouts]`
 * @throws FoveaError if the policy's answer does not fit the rollouts.
 */
export async function scoreRollouts(
  scorer: Scorer,
  groups: readonly RolloutGroup<Rollout>[],
  options?: ScoreOptions,
): Promise<readonly (readonly TokenScores[])[]> {
  const requests = groups.map(({ prompt, rollouts }) => ({ prompt, responses: rollouts.map(({ tokens }) => tokens) }));
  const scores = await scorer.score(requests, options);
  groups.forEach(({ prompt, rollouts }, group) => {
    rollouts.forEach(({ tokens }, rollout) => {
      const scored = scores[group]?.[rollout]?.logprobs.length ?? 0;
      if (scored !== tokens.length) {
        throw new FoveaError(
          `the policy scored ${scored} tokens of rollout ${rollout} of prompt "${prompt.id}", which has ${tokens.length}`,
        );
      }
    });
  });
  return scores;
}
