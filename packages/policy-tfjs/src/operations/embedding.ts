import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";
import { transposedTimes } from "./matrix-product.ts";

/** Up to this many rows wasm multiplies with one-hot rows faster than it gathers (measured: 116 ns for each gathered number). */
const LARGEST_ONE_HOT_TABLE = 2048;

function oneHotRows(ids: Int32Array, vocabulary: number): tf.Tensor2D {
  return tf.cast(tf.oneHot(tf.tensor1d(ids, "int32"), vocabulary), "float32") as tf.Tensor2D;
}

/** Rows of a table, forward only: `[ids]` out of `[vocabulary, n]` gives `[ids, n]`. */
export function lookUp(table: tf.Tensor2D, ids: Int32Array): tf.Tensor2D {
  const vocabulary = table.shape[0];
  if (tf.getBackend() === "wasm" && vocabulary <= LARGEST_ONE_HOT_TABLE) {
    return tf.matMul(oneHotRows(ids, vocabulary), table);
  }
  return tf.gather(table, tf.tensor1d(ids, "int32"));
}

/** The rows of `gradient` added up by their ids, `[vocabulary, n]`. */
function addRows(gradient: tf.Tensor2D, ids: Int32Array, vocabulary: number): tf.Tensor {
  switch (tf.getBackend()) {
    // It cannot scatter.
    case "wasm":
      return transposedTimes(oneHotRows(ids, vocabulary), gradient);
    // It scatters with atomic additions, in another order and to other bits each time.
    case "webgpu": {
      const distinct = [...new Set(ids)];
      const placeOf = new Map(distinct.map((id, place) => [id, place]));
      const places = ids.map((id) => placeOf.get(id)!);
      const sums = transposedTimes(oneHotRows(places, distinct.length), gradient);
      const rows = Int32Array.from({ length: vocabulary }, (_, id) => placeOf.get(id) ?? distinct.length);
      return tf.gather(tf.concat([sums, tf.zeros([1, sums.shape[1]])], 0), tf.tensor1d(rows, "int32"));
    }
    default:
      return tf.unsortedSegmentSum(gradient, tf.tensor1d(ids, "int32"), vocabulary);
  }
}

/** As {@link lookUp}, differentiable. */
export function embed(table: tf.Tensor2D, ids: Int32Array): tf.Tensor2D {
  const vocabulary = table.shape[0];
  return differentiable(
    [table],
    () => ({ value: lookUp(table, ids), saved: [] as const }),
    (gradient) => [addRows(gradient, ids, vocabulary)],
  );
}

/**
 * Rearranges rows: row i of the result is row `from[i]` of `rows` `[n, width]`, each used at most once. Its gradient is the
 * rearrangement back; rows that are not used get none.
 */
export function rearrangeRows(rows: tf.Tensor2D, from: Int32Array): tf.Tensor2D {
  const count = rows.shape[0];
  if (from.length === count && from.every((source, row) => source === row)) return rows;
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
