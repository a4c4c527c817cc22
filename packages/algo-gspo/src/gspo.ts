import {
  type Advantage,
  aggregationWeights,
  clippedSurrogate,
  defineAlgorithm,
  entropyPenalty,
  groupNormalisedAdvantage,
  groupRewards,
  importanceRatio,
  type Loss,
  type LossInput,
  ratioMetrics,
  responseLengths,
  Services,
  uniformCredit,
  weightedSum,
} from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { ContainerModule } from "inversify";
import { z } from "zod";

/** GSPO's options; the defaults are the paper's (Zheng et al. 2025). */
export const gspoOptionsSchema = z.strictObject({
  clipLow: z.number().min(0).max(1).default(3e-4).describe("The rollout's ratio is clipped below 1 - clipLow."),
  clipHigh: z.number().min(0).default(4e-4).describe("The rollout's ratio is clipped above 1 + clipHigh."),
  entropyPenalty: z
    .number()
    .min(0)
    .default(0)
    .describe("Weight of the sampled tokens' mean negative log-likelihood. Compare algorithms with the same one."),
});

export type GspoOptions = z.output<typeof gspoOptionsSchema>;

/** s_i = exp(mean over a rollout's tokens of log p - log p_old), GSPO eq. 7: `[N, 1]`. */
export function sequenceRatio({ logprobs, behaviourLogprobs, mask }: LossInput): tf.Tensor2D {
  const lengths = responseLengths(mask);
  const mean = (values: tf.Tensor2D): tf.Tensor2D => tf.div(tf.sum(tf.mul(values, mask), 1, true), lengths);
  return importanceRatio(mean(logprobs), mean(behaviourLogprobs));
}

/** The clipped surrogate of each rollout's ratio, averaged over rollouts. @param options GSPO's defaults for what is missing. */
export function gspoLoss(options: Partial<GspoOptions> = {}): Loss {
  const settings = gspoOptionsSchema.parse(options);
  return {
    columns: [],
    compute(input) {
      const ratio = sequenceRatio(input);
      // The one ratio stands at every token of its rollout, whose mean is the rollout's term.
      const tokenLoss = clippedSurrogate(ratio, input.advantages, settings);
      const weights = aggregationWeights("sequence-mean-token-mean", input.mask, input.miniBatch);
      const terms: Record<string, tf.Scalar> = { "loss/policy": weightedSum(tokenLoss, weights) };
      if (settings.entropyPenalty > 0) terms["loss/entropy-penalty"] = entropyPenalty(input, settings.entropyPenalty);
      return { loss: tf.addN(Object.values(terms)), metrics: { ...terms, ...ratioMetrics(input, ratio, settings) } };
    },
  };
}

/** GRPO's advantage, (R - mean) / std over the group. */
export const gspoAdvantage: Advantage = {
  estimate: ({ groups }) => ({
    credit: groups.map((group) => uniformCredit(group, groupNormalisedAdvantage(groupRewards(group)))),
    metrics: {},
  }),
};

export default defineAlgorithm<GspoOptions>({
  name: "gspo",
  optionsSchema: gspoOptionsSchema,
  requirements: () => ["custom-loss"],
  bind: (options) =>
    new ContainerModule(({ bind }) => {
      bind(Services.Advantage).toConstantValue(gspoAdvantage);
      bind(Services.Loss).toConstantValue(gspoLoss(options));
    }),
});
