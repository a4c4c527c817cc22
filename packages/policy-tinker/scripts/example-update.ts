import type { CreditedRollout, Loss, Policy, Prompt, RolloutGroup } from "@fovea-rl/core";
import { randomGenerator } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";

const IMAGE_SIDE = 40;

/** A surrogate with a term that no server has, so that every gradient takes a forward and a backward pass. */
export const exampleLoss: Loss = {
  columns: [],
  compute({ logprobs, behaviourLogprobs, advantages, mask, miniBatch }) {
    const ratio = tf.exp(tf.sub(logprobs, behaviourLogprobs));
    const surrogate = tf.sub(tf.mul(logprobs, 0.01), tf.mul(ratio, advantages));
    return { loss: tf.div(tf.sum(tf.mul(surrogate, mask)), miniBatch.tokens), metrics: {} };
  },
};

/** A prompt with an image of noise, another one for each step. */
export function examplePrompt(step: number): Prompt {
  const random = randomGenerator({ seed: 1, purpose: "image", step });
  const data = Uint8Array.from({ length: IMAGE_SIDE * IMAGE_SIDE * 3 }, () => random.integer(256));
  return {
    id: `prompt-${step}`,
    messages: [{ role: "user", content: [{ type: "image", index: 0 }] }],
    images: [{ width: IMAGE_SIDE, height: IMAGE_SIDE, data }],
    referenceAnswer: "",
  };
}

/** Rollouts of one prompt, with credit that depends on nothing but their tokens. */
export async function exampleGroups(
  policy: Policy,
  step: number,
  { samples = 2, maximumTokens = 3 } = {},
): Promise<RolloutGroup<CreditedRollout>[]> {
  const sampled = await policy.sample({
    prompts: [examplePrompt(step)],
    samplesPerPrompt: samples,
    sampling: { temperature: 1, topP: 1, topK: 0, maximumTokens },
    randomKey: { seed: 1, purpose: "sample", step },
  });
  return sampled.map(({ prompt, rollouts }) => ({
    prompt,
    rollouts: rollouts.map((rollout) => ({
      ...rollout,
      verdict: { reward: 0, components: {} },
      credit: { advantages: Float32Array.from(rollout.tokens, (token) => Math.sin(token + rollout.sampleIndex)) },
    })),
  }));
}

/** One update: sample, gradient, step. */
export async function exampleUpdate(policy: Policy, step: number): Promise<void> {
  await policy.accumulateGradients({ groups: await exampleGroups(policy, step), loss: exampleLoss });
  await policy.step({ learningRate: 1e-4 });
}
