import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

export interface ClipRange {
  /** The ratio is clipped below 1 - clipLow. */
  readonly clipLow: number;
  /** The ratio is clipped above 1 + clipHigh. */
  readonly clipHigh: number;
  /** Dual clip (Ye et al. 2020): the loss of a token with a negative advantage A is at most -A times this; null for none. */
  readonly dualClip?: number | null;
}

/**
 * The clipped surrogate of PPO (Schulman et al. 2017, eq. 7) as a loss: max(-A r, -A clip(r, 1 - low, 1 + high)), and with a
 * dual clip c min(that, -A c) where A < 0.
 *
 * @param ratio `[N, T]`; gradients flow through it.
 * @param advantages `[N, T]`
 * @returns `[N, T]` loss of each token.
 */
export function clippedSurrogate(
  ratio: Tensor2D,
  advantages: Tensor2D,
  { clipLow, clipHigh, dualClip }: ClipRange,
): Tensor2D {
  const negated = tf.neg(advantages);
  const unclipped = tf.mul(negated, ratio);
  const clipped = tf.mul(negated, tf.clipByValue(ratio, 1 - clipLow, 1 + clipHigh));
  const loss = tf.maximum(unclipped, clipped) as Tensor2D;
  if (dualClip === undefined || dualClip === null) return loss;
  // |A| c is -A c where A < 0. Where A >= 0 the loss is negative or zero, so the bound changes nothing and needs no condition.
  return tf.minimum(loss, tf.mul(tf.abs(advantages), dualClip));
}
