import {
  type CreditedRollout,
  type Loss,
  learningRate,
  type Policy,
  type Prompt,
  type RolloutGroup,
} from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";

/** Mean negative log-likelihood of the given tokens: supervised learning, as one more Loss of log-probabilities. */
export const negativeLogLikelihood: Loss = {
  columns: [],
  compute: ({ logprobs, mask, miniBatch }) => ({
    loss: tf.div(tf.neg(tf.sum(tf.mul(logprobs, mask))), miniBatch.tokens),
    metrics: {},
  }),
};

/** A prompt with the tokens to imitate. */
export interface Demonstration {
  readonly prompt: Prompt;
  /** `[T]`, the stop token included. */
  readonly tokens: Int32Array;
}

/** A demonstration in the place of a sampled rollout. The likelihood reads its tokens and nothing else of it. */
function asGroup({ prompt, tokens }: Demonstration): RolloutGroup<CreditedRollout> {
  const zeros = new Float32Array(tokens.length);
  const rollout: CreditedRollout = {
    promptId: prompt.id,
    sampleIndex: 0,
    tokens,
    behaviourLogprobs: zeros,
    text: "",
    finishReason: "stop",
    verdict: { reward: 0, components: {} },
    credit: { advantages: zeros },
  };
  return { prompt, rollouts: [rollout] };
}

export interface SupervisedOptions {
  readonly steps: number;
  readonly batchSize: number;
  readonly peakLearningRate: number;
  readonly warmUpSteps: number;
  /** The batch's demonstrations, by its step and place: the whole of the data's randomness. */
  readonly demonstration: (index: number) => Demonstration;
  readonly onStep: (step: number, loss: number) => void | Promise<void>;
}

/** Trains a policy to imitate demonstrations: AdamW, linear warm-up, then a cosine to a twentieth of the peak. */
export async function learnFromDemonstrations(policy: Policy, options: SupervisedOptions): Promise<void> {
  const { steps, batchSize, peakLearningRate: peak, warmUpSteps } = options;
  const schedule = { kind: "cosine", peak, warmUpSteps, totalSteps: steps, final: peak / 20 } as const;
  for (let step = 0; step < steps; step++) {
    const groups = Array.from({ length: batchSize }, (_, place) =>
      asGroup(options.demonstration(step * batchSize + place)),
    );
    const { loss } = await policy.accumulateGradients({ groups, loss: negativeLogLikelihood });
    await policy.step({ learningRate: learningRate(schedule, step), maximumGradientNorm: 1 });
    await options.onStep(step, loss);
  }
}
