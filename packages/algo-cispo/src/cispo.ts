import {
  type Advantage,
  aggregationSchema,
  aggregationWeights,
  defineAlgorithm,
  entropyPenalty,
  groupNormalisedAdvantage,
  groupRewards,
  importanceRatio,
  type Loss,
  ratioMetrics,
  Services,
  stopGradient,
  uniformCredit,
  weightedSum,
} from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { ContainerModule } from "inversify";
import { z } from "zod";

/** CISPO's options (MiniMax 2025, MiniMax-M1). */
export const cispoOptionsSchema = z.strictObject({
  clipLow: z.number().min(0).max(1).default(1).describe("The weight is at least 1 - clipLow; 1 for no lower clip."),
  clipHigh: z.number().min(0).default(4).describe("The weight is at most 1 + clipHigh."),
  aggregation: aggregationSchema
    .default("token-mean")
    .describe(
      "How token losses become one: token-mean, sequence-mean-token-mean, sequence-mean-token-sum or { constant }.",
    ),
  entropyPenalty: z
    .number()
    .min(0)
    .default(0)
    .describe("Weight of the sampled tokens' mean negative log-likelihood. Compare algorithms with the same one."),
});

export type CispoOptions = z.output<typeof cispoOptionsSchema>;

/**
 * -sg(clip(r, 1 - clipLow, 1 + clipHigh)) A log p: the importance weight is clipped but never differentiated, so that rare and
 * decisive tokens keep their gradient however far the policy has moved.
 *
 * @param options those that are not given have CISPO's defaults.
 */
export function cispoLoss(options: Partial<CispoOptions> = {}): Loss {
  const settings = cispoOptionsSchema.parse(options);
  const { clipLow, clipHigh } = settings;
  return {
    columns: [],
    compute(input) {
      const { logprobs, behaviourLogprobs, advantages, mask, miniBatch } = input;
      const ratio = importanceRatio(logprobs, behaviourLogprobs);
      const weight = stopGradient(tf.clipByValue(ratio, 1 - clipLow, 1 + clipHigh));
      const tokenLoss = tf.neg(tf.mul(tf.mul(weight, advantages), logprobs));
      const weights = aggregationWeights(settings.aggregation, mask, miniBatch);
      const terms: Record<string, tf.Scalar> = { "loss/policy": weightedSum(tokenLoss, weights) };
      if (settings.entropyPenalty > 0) terms["loss/entropy-penalty"] = entropyPenalty(input, settings.entropyPenalty);
      return { loss: tf.addN(Object.values(terms)), metrics: { ...terms, ...ratioMetrics(input, ratio, settings) } };
    },
  };
}

/** GRPO's advantage, (R - mean) / std over the group. */
export const cispoAdvantage: Advantage = {
  estimate: ({ groups }) => ({
    credit: groups.map((group) => uniformCredit(group, groupNormalisedAdvantage(groupRewards(group)))),
    metrics: {},
  }),
};

export default defineAlgorithm<CispoOptions>({
  name: "cispo",
  optionsSchema: cispoOptionsSchema,
  requirements: () => ["custom-loss"],
  bind: (options) =>
    new ContainerModule(({ bind }) => {
      bind(Services.Advantage).toConstantValue(cispoAdvantage);
      bind(Services.Loss).toConstantValue(cispoLoss(options));
    }),
});
