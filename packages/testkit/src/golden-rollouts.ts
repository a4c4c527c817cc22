import {
  type Advantage,
  type AdvantageInput,
  type AdvantageOutput,
  evaluateLoss,
  type Image,
  type Loss,
  type LossEvaluation,
  type Policy,
  type RolloutGroup,
} from "@fovea-rl/core";
import type { GoldenAlgorithms } from "./golden-algorithms.ts";

const image: Image = { width: 1, height: 1, data: Uint8Array.of(255, 255, 255) };

/** The golden rollouts as graded groups whose prompts have an image. */
export function goldenGroups(golden: GoldenAlgorithms): readonly RolloutGroup[] {
  return Array.from({ length: golden.groups }, (_, group) => ({
    prompt: { id: `golden-${group}`, messages: [], images: [image], referenceAnswer: "" },
    rollouts: Array.from({ length: golden.groupSize }, (_, sampleIndex) => {
      const row = group * golden.groupSize + sampleIndex;
      const reward = golden.rewards[row]!;
      return {
        promptId: `golden-${group}`,
        sampleIndex,
        // The first token names the row, so that the policy below knows what it is asked to score.
        tokens: new Int32Array(golden.lengths[row]!).fill(row, 0, 1),
        behaviourLogprobs: Float32Array.from(golden.oldLogprobs[row]!),
        text: "",
        finishReason: "stop" as const,
        verdict: { reward, components: { accuracy: reward } },
      };
    }),
  }));
}

/** Scores golden rollouts: as the reference policy when asked for it, else behind the perturbed image. */
export function goldenPolicy(golden: GoldenAlgorithms): Pick<Policy, "score" | "refreshReference"> {
  return {
    async score(requests, options) {
      const rows = options?.model === "reference" ? golden.referenceLogprobs : golden.perturbedLogprobs;
      return requests.map(({ responses }) => responses.map(([row]) => ({ logprobs: Float32Array.from(rows[row!]!) })));
    },
    async refreshReference() {},
  };
}

/** Runs golden rollouts through an algorithm: one mini-batch of everything. */
export async function evaluateGolden(
  golden: GoldenAlgorithms,
  advantage: Advantage,
  loss: Loss,
): Promise<{ readonly output: AdvantageOutput; readonly evaluation: LossEvaluation }> {
  const groups = goldenGroups(golden);
  const input: AdvantageInput = { groups, miniBatches: [groups.map((_, index) => index)], step: 0, seed: 0 };
  const output = await advantage.estimate(input);
  const rollouts = groups.flatMap(({ rollouts }, group) =>
    rollouts.map((rollout, index) => ({
      ...rollout,
      logprobs: golden.logprobs[group * golden.groupSize + index]!,
      credit: output.credit[group]![index]!,
    })),
  );
  return { output, evaluation: evaluateLoss(loss, rollouts) };
}
