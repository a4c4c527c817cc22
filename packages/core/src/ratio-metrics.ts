import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { aggregationWeights, weightedSum } from "./aggregation.ts";
import type { ClipRange } from "./clipped-surrogate.ts";
import type { LossInput } from "./loss.ts";

/**
 * What is worth watching of a ratio-based loss, as this micro-batch's shares of means over the mini-batch's tokens:
 * - `ratio/mean`;
 * - `ratio/clip-fraction-high`: positive advantage and a ratio above 1 + clipHigh; `ratio/clip-fraction-low`: negative and below
 *   1 - clipLow; `ratio/dual-clip-fraction`: negative and above the dual clip. Those tokens have no gradient;
 * - `kl/behaviour`: r - 1 - log r, how far the policy has moved from the one that sampled;
 * - `policy/negative-log-likelihood` of the sampled tokens, nats.
 *
 * @param ratio `[N, T]` of each token, or `[N, 1]` of each rollout.
 */
export function ratioMetrics(input: LossInput, ratio: Tensor2D, clip: ClipRange): Readonly<Record<string, Scalar>> {
  const weights = aggregationWeights("token-mean", input.mask, input.miniBatch);
  const sign = tf.sign(input.advantages);
  const rewarded = tf.mul(tf.relu(sign), weights);
  const punished = tf.mul(tf.relu(tf.neg(sign)), weights);
  const share = (condition: Tensor, of: Tensor) => weightedSum(tf.cast(condition, "float32"), of);
  const { clipLow, clipHigh, dualClip } = clip;
  return {
    "ratio/mean": weightedSum(ratio, weights),
    "ratio/clip-fraction-high": share(tf.greater(ratio, 1 + clipHigh), rewarded),
    "ratio/clip-fraction-low": share(tf.less(ratio, 1 - clipLow), punished),
    ...(dualClip ? { "ratio/dual-clip-fraction": share(tf.greater(ratio, dualClip), punished) } : {}),
    "kl/behaviour": weightedSum(tf.sub(tf.sub(ratio, 1), tf.log(ratio)), weights),
    "policy/negative-log-likelihood": weightedSum(tf.neg(input.logprobs), weights),
  };
}
