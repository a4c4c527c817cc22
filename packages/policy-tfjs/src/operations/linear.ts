import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";
import { sumRows, timesTransposed, transposedTimes } from "./matrix-product.ts";

/** `x · kernel` for x `[rows, in]` and kernel `[in, out]`: `[rows, out]`. */
export function linear(x: tf.Tensor2D, kernel: tf.Tensor2D): tf.Tensor2D {
  return differentiable(
    [x, kernel],
    () => ({ value: tf.matMul(x, kernel), saved: [x, kernel] as const }),
    (gradient, [x, kernel]) => [timesTransposed(gradient, kernel), transposedTimes(x, gradient)],
  );
}

/** `x · kernel + bias` for x `[rows, in]`, kernel `[in, out]`, bias `[out]`: `[rows, out]`. */
export function affine(x: tf.Tensor2D, kernel: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  return differentiable(
    [x, kernel, bias],
    () => ({ value: tf.add(tf.matMul(x, kernel), bias) as tf.Tensor2D, saved: [x, kernel] as const }),
    (gradient, [x, kernel]) => [timesTransposed(gradient, kernel), transposedTimes(x, gradient), sumRows(gradient)],
  );
}
