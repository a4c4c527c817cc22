import type { Scalar } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { aggregationWeights, weightedSum } from "./aggregation.ts";
import type { LossInput } from "./loss.ts";

/**
 * coefficient * token-mean(-log p_t) over all response tokens, whatever the loss aggregates by or masks: the penalty that VPPO
 * and the baselines it is compared with carry. It is the sampled tokens' negative log-likelihood, not a true entropy.
 */
export function entropyPenalty(input: LossInput, coefficient: number): Scalar {
  const weights = aggregationWeights("token-mean", input.mask, input.miniBatch);
  return tf.mul(weightedSum(input.logprobs, weights), -coefficient);
}
