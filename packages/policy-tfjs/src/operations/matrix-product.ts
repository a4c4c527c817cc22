import * as tf from "@tensorflow/tfjs-core";

/**
 * Products with a transposed operand. The wasm backend runs `matMul` with a transpose flag ten times slower than a transpose
 * followed by a plain product; the other backends prefer the flag.
 */
function transposesExplicitly(): boolean {
  return tf.getBackend() === "wasm";
}

/** `leftᵀ · right` for left `[rows, m]` and right `[rows, n]`: `[m, n]`. */
export function transposedTimes(left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor2D {
  return transposesExplicitly() ? tf.matMul(tf.transpose(left), right) : tf.matMul(left, right, true, false);
}

/** `left · rightᵀ` for left `[rows, m]` and right `[n, m]`: `[rows, n]`. */
export function timesTransposed(left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor2D {
  return transposesExplicitly() ? tf.matMul(left, tf.transpose(right)) : tf.matMul(left, right, false, true);
}

/** Sum over the rows of `[rows, n]`: `[n]`. As a product with ones, because wasm reduces the first axis slowly. */
export function sumRows(matrix: tf.Tensor2D): tf.Tensor1D {
  return tf.reshape(tf.matMul(tf.ones([1, matrix.shape[0]]), matrix), [matrix.shape[1]]);
}
