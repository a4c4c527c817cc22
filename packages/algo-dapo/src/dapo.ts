import {
  type Advantage,
  aggregationSchema,
  aggregationWeights,
  clippedSurrogate,
  defineAlgorithm,
  entropyPenalty,
  FoveaError,
  groupNormalisedAdvantage,
  groupRewards,
  importanceRatio,
  type Loss,
  type OverlongPenaltyOptions,
  overlongPenalty,
  type RewardShaping,
  type RolloutFilter,
  ratioMetrics,
  Services,
  uniformCredit,
  weightedSum,
} from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { ContainerModule } from "inversify";
import { z } from "zod";

/** DAPO's options; the defaults are the paper's (Yu et al. 2025). */
export const dapoOptionsSchema = z.strictObject({
  clipLow: z.number().min(0).max(1).default(0.2).describe("The ratio is clipped below 1 - clipLow."),
  clipHigh: z.number().min(0).default(0.28).describe("The ratio is clipped above 1 + clipHigh."),
  dualClip: z
    .number()
    .gt(1)
    .nullable()
    .default(null)
    .describe("Upper bound of a token's loss in units of -advantage where that is negative; null for none."),
  aggregation: aggregationSchema
    .default("token-mean")
    .describe(
      "How token losses become one: token-mean, sequence-mean-token-mean, sequence-mean-token-sum or { constant }.",
    ),
  dynamicSampling: z
    .union([
      z.literal(false),
      z.strictObject({
        minimumAccuracy: z.number().default(0.01),
        maximumAccuracy: z.number().default(0.99),
        maximumRounds: z.int().positive().default(10),
      }),
    ])
    .prefault({})
    .describe(
      "Keeps groups whose mean accuracy lies strictly between the two, and samples again until the batch is full.",
    ),
  overlong: z
    .union([
      z.literal(false),
      z.strictObject({
        maximumLength: z.int().positive(),
        bufferLength: z.int().positive(),
        factor: z.number().min(0).default(1),
      }),
    ])
    .default(false)
    .describe("Penalty on the reward that grows over the last bufferLength tokens below maximumLength."),
  entropyPenalty: z
    .number()
    .min(0)
    .default(0)
    .describe("Weight of the sampled tokens' mean negative log-likelihood. Compare algorithms with the same one."),
});

export type DapoOptions = z.output<typeof dapoOptionsSchema>;

/** What {@link dapoLoss} reads of the options. */
export type DapoLossOptions = Pick<DapoOptions, "clipLow" | "clipHigh" | "dualClip" | "aggregation" | "entropyPenalty">;

/**
 * The clipped surrogate with a higher upper clip, averaged over all tokens of the mini-batch, plus the entropy penalty.
 *
 * @param options those that are not given have DAPO's defaults.
 * @param weightedBy a column that multiplies each token's policy term and nothing else, for algorithms built on this one.
 */
export function dapoLoss(options: Partial<DapoLossOptions> = {}, weightedBy?: string): Loss {
  const settings = dapoOptionsSchema.parse(options);
  return {
    columns: weightedBy ? [weightedBy] : [],
    clipRange: { clipLow: settings.clipLow, clipHigh: settings.clipHigh },
    compute(input) {
      const { logprobs, behaviourLogprobs, advantages, mask, miniBatch, columns } = input;
      const ratio = importanceRatio(logprobs, behaviourLogprobs);
      const surrogate = clippedSurrogate(ratio, advantages, settings);
      const tokenLoss = weightedBy ? tf.mul(surrogate, columns[weightedBy]!) : surrogate;
      const weights = aggregationWeights(settings.aggregation, mask, miniBatch);
      const terms: Record<string, tf.Scalar> = { "loss/policy": weightedSum(tokenLoss, weights) };
      if (settings.entropyPenalty > 0) terms["loss/entropy-penalty"] = entropyPenalty(input, settings.entropyPenalty);
      return { loss: tf.addN(Object.values(terms)), metrics: { ...terms, ...ratioMetrics(input, ratio, settings) } };
    },
  };
}

/** GRPO's advantage, (R - mean) / std over the group. */
export const dapoAdvantage: Advantage = {
  estimate: ({ groups }) => ({
    credit: groups.map((group) => uniformCredit(group, groupNormalisedAdvantage(groupRewards(group)))),
    metrics: {},
  }),
};

/** Dynamic sampling: a group that is all right or all wrong has no advantage to learn from. */
export function dynamicSampling(options: {
  readonly minimumAccuracy: number;
  readonly maximumAccuracy: number;
  readonly maximumRounds: number;
}): RolloutFilter {
  return {
    maximumSamplingRounds: options.maximumRounds,
    accept({ prompt, rollouts }) {
      const accuracies = rollouts.map(({ verdict }) => verdict.components["accuracy"]);
      const sum = accuracies.reduce<number>((total, accuracy) => {
        if (accuracy !== undefined) return total + accuracy;
        throw new FoveaError(
          `dynamic sampling reads the verdict's component "accuracy", which no verifier gave for prompt "${prompt.id}"; ` +
            `add a verifier that grades accuracy, or set the option dynamicSampling to false`,
        );
      }, 0);
      const mean = sum / rollouts.length;
      return mean > options.minimumAccuracy && mean < options.maximumAccuracy;
    },
  };
}

/** Adds the overlong penalty to the reward, and reports it as the component `overlong-penalty`. */
export function overlongShaping(options: OverlongPenaltyOptions): RewardShaping {
  return {
    shape({ tokens, verdict }) {
      const penalty = overlongPenalty(tokens.length, options);
      const components = { ...verdict.components, "overlong-penalty": penalty };
      return { ...verdict, reward: verdict.reward + penalty, components };
    },
  };
}

export default defineAlgorithm<DapoOptions>({
  name: "dapo",
  optionsSchema: dapoOptionsSchema,
  requirements: () => ["custom-loss"],
  bind: (options) =>
    new ContainerModule(({ bind }) => {
      bind(Services.Advantage).toConstantValue(dapoAdvantage);
      bind(Services.Loss).toConstantValue(dapoLoss(options));
      if (options.dynamicSampling) {
        bind(Services.RolloutFilter).toConstantValue(dynamicSampling(options.dynamicSampling));
      }
      if (options.overlong) bind(Services.RewardShaping).toConstantValue(overlongShaping(options.overlong));
    }),
});
