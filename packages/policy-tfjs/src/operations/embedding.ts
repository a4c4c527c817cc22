import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";
import { transposedTimes } from "./matrix-product.ts";

/** Rows of a table: `[ids]` out of `[vocabulary, n]`. Its gradient is a product with one-hot rows, because wasm cannot scatter. */
export function embed(table: tf.Tensor2D, ids: Int32Array): tf.Tensor2D {
  const vocabulary = table.shape[0];
  return differentiable(
    [table],
    () => ({ value: tf.gather(table, tf.tensor1d(ids, "int32")) as tf.Tensor2D, saved: [] as const }),
    (gradient) => {
      const indices = tf.tensor1d(ids, "int32");
      if (tf.getBackend() !== "wasm") return [tf.unsortedSegmentSum(gradient, indices, vocabulary)];
      const oneHot = tf.cast(tf.oneHot(indices, vocabulary), "float32") as tf.Tensor2D;
      return [transposedTimes(oneHot, gradient)];
    },
  );
}

/**
 * Rearranges rows: row i of the result is row `from[i]` of `rows` `[n, width]`, each used at most once. Its gradient is the
 * rearrangement back; rows that are not used get none.
 */
export function rearrangeRows(rows: tf.Tensor2D, from: Int32Array): tf.Tensor2D {
  const count = rows.shape[0];
  const back = new Int32Array(count).fill(from.length);
  for (let index = 0; index < from.length; index++) back[from[index]!] = index;
  return differentiable(
    [rows],
    () => ({ value: tf.gather(rows, tf.tensor1d(from, "int32")) as tf.Tensor2D, saved: [] as const }),
    (gradient) => {
      const padded = tf.concat([gradient, tf.zeros([1, gradient.shape[1]])], 0);
      return [tf.gather(padded, tf.tensor1d(back, "int32"))];
    },
  );
}
