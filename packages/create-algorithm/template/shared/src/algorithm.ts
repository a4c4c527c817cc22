import {
  type Advantage,
  aggregationWeights,
  clippedSurrogate,
  defineAlgorithm,
  groupRewards,
  importanceRatio,
  type Loss,
  meanCentredAdvantage,
  ratioMetrics,
  Services,
  uniformCredit,
  weightedSum,
} from "@fovea-rl/core";
import { ContainerModule } from "inversify";
import { z } from "zod";

/** Every option has a default, so that `algorithm: "{{name}}"` alone is your vetted setting. */
export const optionsSchema = z.strictObject({
  clip: z.number().gt(0).lt(1).default(0.2).describe("The ratio is clipped to 1 - clip ... 1 + clip."),
});

export type AlgorithmOptions = z.output<typeof optionsSchema>;

/** The credit of each token: here, how much better than its group's mean a rollout was rewarded. */
export const algorithmAdvantage: Advantage = {
  estimate: ({ groups }) => ({
    credit: groups.map((group) => uniformCredit(group, meanCentredAdvantage(groupRewards(group)))),
    metrics: {},
  }),
};

/** A differentiable scalar of log-probabilities: here, the clipped surrogate averaged over all tokens. */
export function algorithmLoss({ clip }: AlgorithmOptions): Loss {
  const range = { clipLow: clip, clipHigh: clip };
  return {
    columns: [],
    compute(input) {
      const { logprobs, behaviourLogprobs, advantages, mask, miniBatch } = input;
      const ratio = importanceRatio(logprobs, behaviourLogprobs);
      const tokenLoss = clippedSurrogate(ratio, advantages, range);
      // The weights' denominators are the whole mini-batch's, so that splitting it changes nothing.
      const loss = weightedSum(tokenLoss, aggregationWeights("token-mean", mask, miniBatch));
      return { loss, metrics: { "loss/policy": loss, ...ratioMetrics(input, ratio, range) } };
    },
  };
}

export default defineAlgorithm<AlgorithmOptions>({
  name: "{{name}}",
  optionsSchema,
  // What the engine must be able to do; a run with one that cannot is refused before it starts.
  requirements: () => ["custom-loss"],
  bind: (options) =>
    new ContainerModule(({ bind }) => {
      bind(Services.Advantage).toConstantValue(algorithmAdvantage);
      bind(Services.Loss).toConstantValue(algorithmLoss(options));
    }),
});
