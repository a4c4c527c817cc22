import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";
import { sumRows } from "./matrix-product.ts";

/**
 * Root-mean-square normalisation (Zhang and Sennrich 2019): `x / sqrt(mean(x²) + epsilon) * weight`, for x `[rows, n]` and
 * weight `[n]`.
 */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  return differentiable(
    [x, weight],
    () => {
      const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon)) as tf.Tensor2D;
      const normalised = tf.mul(x, inverse) as tf.Tensor2D;
      return { value: tf.mul(normalised, weight) as tf.Tensor2D, saved: [normalised, inverse, weight] as const };
    },
    (gradient, [normalised, inverse, weight]) => {
      const direct = tf.mul(gradient, weight);
      // d(x/rms)/dx projects out the component along x itself.
      const along = tf.mean(tf.mul(direct, normalised), -1, true);
      return [
        tf.mul(tf.sub(direct, tf.mul(normalised, along)), inverse),
        sumRows(tf.mul(gradient, normalised) as tf.Tensor2D),
      ];
    },
  );
}

/** Layer normalisation (Ba, Kiros and Hinton 2016) of x `[rows, n]` with weight and bias `[n]`. */
export function layerNorm(x: tf.Tensor2D, weight: tf.Tensor1D, bias: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  return differentiable(
    [x, weight, bias],
    () => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon)) as tf.Tensor2D;
      const normalised = tf.mul(centred, inverse) as tf.Tensor2D;
      const value = tf.add(tf.mul(normalised, weight), bias) as tf.Tensor2D;
      return { value, saved: [normalised, inverse, weight] as const };
    },
    (gradient, [normalised, inverse, weight]) => {
      const direct = tf.mul(gradient, weight);
      const mean = tf.mean(direct, -1, true);
      const along = tf.mean(tf.mul(direct, normalised), -1, true);
      return [
        tf.mul(tf.sub(tf.sub(direct, mean), tf.mul(normalised, along)), inverse),
        sumRows(tf.mul(gradient, normalised) as tf.Tensor2D),
        sumRows(gradient),
      ];
    },
  );
}
