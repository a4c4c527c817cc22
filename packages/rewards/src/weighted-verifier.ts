import type { Verifier } from "@fovea-rl/core";
import { combineVerdicts } from "@fovea-rl/core/combine-verdicts";

/** Several verifiers as one, asked at once: the reward is the weighted sum of theirs. */
export function weightedVerifier(
  parts: readonly { readonly verifier: Verifier; readonly weight: number }[],
  name = "weighted",
): Verifier {
  return {
    name,
    async verify(prompt, rollout) {
      const verdicts = await Promise.all(
        parts.map(async ({ verifier, weight }) => ({
          name: verifier.name,
          weight,
          verdict: await verifier.verify(prompt, rollout),
        })),
      );
      return combineVerdicts(verdicts);
    },
  };
}
