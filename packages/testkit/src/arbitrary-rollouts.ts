import {
  type AdvantageInput,
  type AdvantageOutput,
  type Image,
  type RolloutGroup,
  randomGenerator,
  type ScoredLossRollout,
  scoreRollouts,
} from "@fovea-rl/core";
import fc from "fast-check";
import { TabularPolicy } from "./tabular-policy.ts";
import { tabularVocabulary } from "./tabular-vocabulary.ts";

/** A policy in which nothing is pretended, to score arbitrary rollouts with. */
export const scoringPolicy = new TabularPolicy({ baseSeed: 0, optimiser: "sgd" }, 1);

interface RolloutSketch {
  readonly tokens: readonly number[];
  readonly reward: number;
}

interface GroupSketch {
  readonly hasImage: boolean;
  readonly rollouts: readonly RolloutSketch[];
}

const rolloutSketch: fc.Arbitrary<RolloutSketch> = fc.record({
  tokens: fc.array(fc.nat(tabularVocabulary.length - 1), { minLength: 1, maxLength: 8 }),
  reward: fc.constantFrom(0, 0.5, 1),
});

/** One to four groups of one to four rollouts, most of them behind an image. */
export const groupSketches: fc.Arbitrary<readonly GroupSketch[]> = fc.array(
  fc.record({
    hasImage: fc.constantFrom(true, true, false),
    rollouts: fc.array(rolloutSketch, { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 4 },
);

function image(group: number): Image {
  const random = randomGenerator({ seed: group, purpose: "arbitrary-image" });
  return { width: 16, height: 16, data: Uint8Array.from({ length: 16 * 16 * 3 }, () => random.integer(256)) };
}

/** Graded groups whose behaviour log-probabilities are really the policy's. */
export async function gradedGroups(sketches: readonly GroupSketch[]): Promise<readonly RolloutGroup[]> {
  const groups = sketches.map(({ hasImage, rollouts }, group): RolloutGroup => {
    const id = `prompt-${group}`;
    return {
      prompt: { id, messages: [], images: hasImage ? [image(group)] : [], referenceAnswer: "" },
      rollouts: rollouts.map(({ tokens, reward }, sampleIndex) => ({
        promptId: id,
        sampleIndex,
        tokens: Int32Array.from(tokens),
        behaviourLogprobs: new Float32Array(tokens.length),
        text: "",
        finishReason: "stop",
        verdict: { reward, components: { accuracy: reward } },
      })),
    };
  });
  const scores = await scoreRollouts(scoringPolicy, groups);
  return groups.map((group, index) => ({
    ...group,
    rollouts: group.rollouts.map((rollout, sample) => ({
      ...rollout,
      behaviourLogprobs: scores[index]![sample]!.logprobs,
    })),
  }));
}

/** An update over the groups in one or two optimiser mini-batches. */
export function advantageInput(groups: readonly RolloutGroup[]): AdvantageInput {
  const order = groups.map((_, index) => index);
  const half = Math.ceil(groups.length / 2);
  const miniBatches = [order.slice(0, half), order.slice(half)].filter((miniBatch) => miniBatch.length > 0);
  return { groups, miniBatches, step: 3, seed: 5 };
}

/** The credited rollouts of each mini-batch, under a policy that has moved a little (`spread` nats) since they were sampled. */
export function scoredMiniBatches(
  { groups, miniBatches }: AdvantageInput,
  { credit }: AdvantageOutput,
  spread = 0.3,
): readonly (readonly ScoredLossRollout[])[] {
  return miniBatches.map((miniBatch) =>
    miniBatch.flatMap((group) =>
      groups[group]!.rollouts.map((rollout, index) => {
        const { promptId, sampleIndex, behaviourLogprobs } = rollout;
        const random = randomGenerator({ seed: 0, purpose: "moved-policy", promptId, sampleIndex });
        const logprobs = behaviourLogprobs.map((logprob) => Math.min(0, logprob + spread * random.normal()));
        return { logprobs, behaviourLogprobs, credit: credit[group]![index]! };
      }),
    ),
  );
}
