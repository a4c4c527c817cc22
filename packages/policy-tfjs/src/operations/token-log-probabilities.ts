import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";
import { timesTransposed, transposedTimes } from "./matrix-product.ts";

/** Natural log-probabilities of every token: hidden `[rows, n]` and kernel `[n, vocabulary]` give `[rows, vocabulary]`. */
export function logDistributions(hidden: tf.Tensor2D, kernel: tf.Tensor2D, temperature: number): tf.Tensor2D {
  // A vocabulary's worth of numbers for each row is large: what is used up is freed as soon as it is.
  const shifted = tf.tidy(() => {
    const logits = tf.mul(tf.matMul(hidden, kernel), 1 / temperature);
    return tf.sub(logits, tf.max(logits, -1, true));
  });
  return tf.tidy(() => tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)))) as tf.Tensor2D;
}

/**
 * Natural log-probabilities of given tokens: `log softmax(hidden · kernel / temperature)[target]`, `[rows]`.
 *
 * @param targets `[rows]` token ids.
 */
export function tokenLogprobs(
  hidden: tf.Tensor2D,
  kernel: tf.Tensor2D,
  targets: Int32Array,
  temperature: number,
): tf.Tensor1D {
  const vocabulary = kernel.shape[1];
  const oneHotTargets = (): tf.Tensor =>
    tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(targets, "int32"), vocabulary), "float32"));
  return differentiable(
    [hidden, kernel],
    () => {
      const distributions = logDistributions(hidden, kernel, temperature);
      const value = tf.tidy(() => tf.sum(tf.mul(distributions, oneHotTargets()), -1)) as tf.Tensor1D;
      return { value, saved: [distributions, hidden, kernel] as const };
    },
    (gradient, [distributions, hidden, kernel]) => {
      // d log p(target) / d logits = (onehot - p) / temperature
      const scaled = tf.mul(tf.expandDims(gradient, 1), 1 / temperature);
      const difference = tf.tidy(() => tf.sub(oneHotTargets(), tf.exp(distributions)));
      const logitGradient = tf.mul(difference, scaled) as tf.Tensor2D;
      difference.dispose();
      return [timesTransposed(logitGradient, kernel), transposedTimes(hidden, logitGradient)];
    },
  );
}
