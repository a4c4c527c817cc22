import {
  combineVerdicts,
  FoveaError,
  type GradedRollout,
  type Prompt,
  type Rollout,
  type RolloutGroup,
  type Verdict,
} from "@fovea-rl/core";
import type { WeightedVerifier } from "./run.ts";

async function grade(verifiers: readonly WeightedVerifier[], prompt: Prompt, rollout: Rollout): Promise<Verdict> {
  const parts = [];
  for (const { verifier, weight } of verifiers) {
    parts.push({ name: verifier.name, weight, verdict: await verifier.verify(prompt, rollout) });
  }
  const verdict = combineVerdicts(parts);
  if (verdict.components["accuracy"] === undefined) {
    const names = verifiers.map(({ verifier }) => verifier.name).join(", ");
    throw new FoveaError(
      `none of the verifiers (${names}) reports the component "accuracy", which evaluations need: add one that does to rewards`,
    );
  }
  for (const [name, value] of [["reward", verdict.reward] as const, ...Object.entries(verdict.components)]) {
    if (!Number.isFinite(value)) {
      throw new FoveaError(`the verifiers gave rollout ${prompt.id}#${rollout.sampleIndex} the ${name} ${value}`);
    }
  }
  return verdict;
}

/** Every rollout with its verdict, before any shaping by the algorithm. */
export async function verifyRollouts(
  verifiers: readonly WeightedVerifier[],
  groups: readonly RolloutGroup<Rollout>[],
): Promise<readonly RolloutGroup<GradedRollout>[]> {
  const graded: RolloutGroup<GradedRollout>[] = [];
  for (const { prompt, rollouts } of groups) {
    const withVerdicts: GradedRollout[] = [];
    for (const rollout of rollouts) {
      withVerdicts.push({ ...rollout, verdict: await grade(verifiers, prompt, rollout) });
    }
    graded.push({ prompt, rollouts: withVerdicts });
  }
  return graded;
}
