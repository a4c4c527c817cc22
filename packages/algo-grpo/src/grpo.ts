import {
  type Advantage,
  aggregationSchema,
  aggregationWeights,
  clippedSurrogate,
  defineAlgorithm,
  entropyPenalty,
  estimateKl,
  GROUP_ADVANTAGES,
  groupAdvantage,
  groupRewards,
  importanceRatio,
  KL_ESTIMATORS,
  type Loss,
  type Policy,
  ratioMetrics,
  Services,
  scoreRollouts,
  uniformCredit,
  weightedSum,
  withColumn,
} from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { ContainerModule } from "inversify";
import { z } from "zod";

/** GRPO's options; the defaults are the paper's (Shao et al. 2024, DeepSeekMath). */
export const grpoOptionsSchema = z.strictObject({
  advantage: z
    .enum(GROUP_ADVANTAGES)
    .default("group-normalised")
    .describe(
      "group-normalised: (R - mean) / std; mean-centred: R - mean (Dr. GRPO); leave-one-out: R - mean of others (RLOO).",
    ),
  clipLow: z.number().min(0).max(1).default(0.2).describe("The ratio is clipped below 1 - clipLow."),
  clipHigh: z.number().min(0).default(0.2).describe("The ratio is clipped above 1 + clipHigh."),
  dualClip: z
    .number()
    .gt(1)
    .nullable()
    .default(null)
    .describe("Upper bound of a token's loss in units of -advantage where that is negative; null for none."),
  aggregation: aggregationSchema
    .default("sequence-mean-token-mean")
    .describe(
      "How token losses become one: token-mean, sequence-mean-token-mean, sequence-mean-token-sum or { constant }.",
    ),
  klCoefficient: z
    .number()
    .min(0)
    .default(0.01)
    .describe("Weight of the KL to the reference policy; 0 spares its pass."),
  klEstimator: z.enum(KL_ESTIMATORS).default("k3").describe("k1, k2 or k3."),
  referenceRefresh: z
    .int()
    .min(0)
    .default(0)
    .describe("Updates after which the current policy becomes the reference; 0 keeps the initial one."),
  entropyPenalty: z
    .number()
    .min(0)
    .default(0)
    .describe("Weight of the sampled tokens' mean negative log-likelihood. Compare algorithms with the same one."),
});

export type GrpoOptions = z.output<typeof grpoOptionsSchema>;

/**
 * The clipped surrogate, plus klCoefficient times the KL to the reference, plus the entropy penalty.
 *
 * @param options those that are not given have GRPO's defaults.
 * @param weightedBy a column that multiplies each token's policy term and nothing else, for algorithms built on this one.
 */
export function grpoLoss(options: Partial<GrpoOptions> = {}, weightedBy?: string): Loss {
  const settings = grpoOptionsSchema.parse(options);
  const { klCoefficient, klEstimator } = settings;
  return {
    columns: [...(klCoefficient > 0 ? ["referenceLogprobs"] : []), ...(weightedBy ? [weightedBy] : [])],
    clipRange: { clipLow: settings.clipLow, clipHigh: settings.clipHigh },
    compute(input) {
      const { logprobs, behaviourLogprobs, advantages, mask, miniBatch, columns } = input;
      const ratio = importanceRatio(logprobs, behaviourLogprobs);
      const surrogate = clippedSurrogate(ratio, advantages, settings);
      const tokenLoss = weightedBy ? tf.mul(surrogate, columns[weightedBy]!) : surrogate;
      const weights = aggregationWeights(settings.aggregation, mask, miniBatch);
      const terms: Record<string, tf.Scalar> = { "loss/policy": weightedSum(tokenLoss, weights) };
      const metrics = { ...ratioMetrics(input, ratio, settings) };
      if (klCoefficient > 0) {
        const kl = weightedSum(estimateKl(klEstimator, logprobs, columns["referenceLogprobs"]!), weights);
        terms["loss/kl"] = tf.mul(kl, klCoefficient);
        metrics["kl/reference"] = kl;
      }
      if (settings.entropyPenalty > 0) terms["loss/entropy-penalty"] = entropyPenalty(input, settings.entropyPenalty);
      return { loss: tf.addN(Object.values(terms)), metrics: { ...terms, ...metrics } };
    },
  };
}

/** Compares each rollout with its group, and asks for the reference policy's log-probabilities if the loss reads them. */
export function grpoAdvantage(options: GrpoOptions, policy: Pick<Policy, "score" | "refreshReference">): Advantage {
  const { advantage, klCoefficient, referenceRefresh } = options;
  return {
    async estimate({ groups, step }) {
      const credit = groups.map((group) => uniformCredit(group, groupAdvantage(advantage, groupRewards(group))));
      if (klCoefficient === 0) return { credit, metrics: {} };
      if (referenceRefresh > 0 && step > 0 && step % referenceRefresh === 0) await policy.refreshReference();
      const scores = await scoreRollouts(policy, groups, { model: "reference" });
      const logprobs = scores.map((group) => group.map((rollout) => rollout.logprobs));
      return { credit: withColumn(credit, "referenceLogprobs", logprobs), metrics: {} };
    },
  };
}

export default defineAlgorithm<GrpoOptions>({
  name: "grpo",
  optionsSchema: grpoOptionsSchema,
  requirements: ({ klCoefficient }) => (klCoefficient > 0 ? ["custom-loss", "reference-policy"] : ["custom-loss"]),
  extraPasses: ({ klCoefficient }) => ({ current: 0, reference: klCoefficient > 0 ? 1 : 0 }),
  bind: (options) =>
    new ContainerModule(({ bind }) => {
      bind(Services.Advantage).toResolvedValue((policy) => grpoAdvantage(options, policy), [Services.Policy]);
      bind(Services.Loss).toConstantValue(grpoLoss(options));
    }),
});
