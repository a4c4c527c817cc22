import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** Estimators of KL(p || q) from one token drawn from p (Schulman 2020, "Approximating KL divergence"). */
export const KL_ESTIMATORS = ["k1", "k2", "k3"] as const;
export type KlEstimator = (typeof KL_ESTIMATORS)[number];

const LARGEST_LOG_RATIO = 20;
const LARGEST_K3 = 10;

/**
 * Per-token estimate of KL(policy || reference):
 * k1 = log p - log q; k2 = (log p - log q)^2 / 2; k3 = e^d - d - 1 with d = log q - log p, d clamped to +-20 and k3 to +-10.
 *
 * @param logprobs `[N, T]` log p, under the policy; gradients flow through it.
 * @param referenceLogprobs `[N, T]` log q of the same tokens.
 * @returns `[N, T]` nats.
 */
export function estimateKl(estimator: KlEstimator, logprobs: Tensor2D, referenceLogprobs: Tensor2D): Tensor2D {
  switch (estimator) {
    case "k1":
      return tf.sub(logprobs, referenceLogprobs);
    case "k2":
      return tf.mul(tf.square(tf.sub(logprobs, referenceLogprobs)), 0.5);
    case "k3": {
      const d = tf.clipByValue(tf.sub(referenceLogprobs, logprobs), -LARGEST_LOG_RATIO, LARGEST_LOG_RATIO) as Tensor2D;
      // expm1 keeps the digits that e^d - 1 loses in float32 where the policies agree, which is nearly everywhere.
      return tf.clipByValue(tf.sub(tf.expm1(d), d), -LARGEST_K3, LARGEST_K3);
    }
  }
}
