import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** Beyond e^20 a ratio says only that the two policies have nothing in common; the bound keeps it finite in float32. */
const LARGEST_LOG_RATIO = 20;

/**
 * Importance ratio of each token: exp(clamp(log p - log old, -20, 20)).
 *
 * @param logprobs `[N, T]` under the policy being trained; gradients flow through it.
 * @param behaviourLogprobs `[N, T]` under the policy that sampled the tokens.
 * @returns `[N, T]`
 */
export function importanceRatio(logprobs: Tensor2D, behaviourLogprobs: Tensor2D): Tensor2D {
  return tf.exp(tf.clipByValue(tf.sub(logprobs, behaviourLogprobs), -LARGEST_LOG_RATIO, LARGEST_LOG_RATIO));
}
