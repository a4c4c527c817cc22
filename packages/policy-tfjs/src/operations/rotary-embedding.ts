import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";

/** Tables of a rotary position embedding, applied to heads packed as queries, keys, values. */
export interface RotaryTables {
  /** `[rows, heads, length, headDimension]`: cosines for queries and keys, ones for values. */
  readonly cosines: tf.Tensor4D;
  /** Same shape: sines for queries and keys, zeros for values. */
  readonly sines: tf.Tensor4D;
  /** `[headDimension, headDimension]`: x · rotation = rotateHalf(x). */
  readonly rotation: tf.Tensor2D;
}

export interface RotaryTableOptions {
  /** `[rows, length]` positions. */
  readonly positions: Int32Array;
  readonly rows: number;
  readonly length: number;
  readonly headDimension: number;
  readonly theta: number;
  /** Heads that are rotated (queries and keys) and those that are not (values). */
  readonly rotatedHeads: number;
  readonly plainHeads: number;
}

/** Builds the tables; the caller owns the tensors. Angles are computed in float64, as a long context needs. */
export function rotaryTables(options: RotaryTableOptions): RotaryTables {
  const { positions, rows, length, headDimension, theta, rotatedHeads, plainHeads } = options;
  const half = headDimension / 2;
  const heads = rotatedHeads + plainHeads;
  const block = length * headDimension;
  const cosines = new Float32Array(rows * heads * block).fill(1);
  const sines = new Float32Array(rows * heads * block);
  const frequencies = Float64Array.from({ length: half }, (_, pair) => theta ** (-pair / half));
  for (let row = 0; row < rows; row++) {
    const start = row * heads * block;
    for (let place = 0; place < length; place++) {
      const position = positions[row * length + place]!;
      for (let pair = 0; pair < half; pair++) {
        const angle = position * frequencies[pair]!;
        const offset = start + place * headDimension + pair;
        cosines[offset] = cosines[offset + half] = Math.cos(angle);
        sines[offset] = sines[offset + half] = Math.sin(angle);
      }
    }
    // The other rotated heads of the row are copies of the first.
    for (let head = 1; head < rotatedHeads; head++) {
      cosines.copyWithin(start + head * block, start, start + block);
      sines.copyWithin(start + head * block, start, start + block);
    }
  }
  const shape: [number, number, number, number] = [rows, heads, length, headDimension];
  return {
    cosines: tf.tensor4d(cosines, shape),
    sines: tf.tensor4d(sines, shape),
    rotation: rotationMatrix(headDimension),
  };
}

/** rotateHalf(x) = [-x2, x1] for x = [x1, x2], as a matrix: one fast product instead of slices and a concatenation. */
function rotationMatrix(headDimension: number): tf.Tensor2D {
  const half = headDimension / 2;
  const matrix = new Float32Array(headDimension * headDimension);
  for (let index = 0; index < half; index++) {
    matrix[(index + half) * headDimension + index] = -1;
    matrix[index * headDimension + index + half] = 1;
  }
  return tf.tensor2d(matrix, [headDimension, headDimension]);
}

export function disposeRotaryTables(tables: RotaryTables): void {
  tf.dispose([tables.cosines, tables.sines, tables.rotation]);
}

function rotateHalf(heads: tf.Tensor4D, rotation: tf.Tensor2D): tf.Tensor4D {
  const flat = tf.reshape(heads, [-1, heads.shape[3]]) as tf.Tensor2D;
  return tf.reshape(tf.matMul(flat, rotation), heads.shape) as tf.Tensor4D;
}

/**
 * Splits projections into heads and applies the rotary position embedding (Su et al. 2021) to queries and keys.
 *
 * @param projected `[rows * length, heads * headDimension]`: queries, keys and values side by side.
 * @param tables constants kept outside the tape; `undefined` leaves positions out (the vision tower).
 * @returns `[rows, heads, length, headDimension]`
 */
export function packHeads(
  projected: tf.Tensor2D,
  shape: { readonly rows: number; readonly heads: number; readonly length: number; readonly headDimension: number },
  tables: RotaryTables | undefined,
): tf.Tensor4D {
  const { rows, heads, length, headDimension } = shape;
  return differentiable(
    [projected],
    () => {
      const split = tf.reshape(projected, [rows, length, heads, headDimension]);
      const packed = tf.transpose(split, [0, 2, 1, 3]) as tf.Tensor4D;
      if (tables === undefined) return { value: packed, saved: [] as const };
      const rotated = tf.mul(rotateHalf(packed, tables.rotation), tables.sines);
      return { value: tf.add(tf.mul(packed, tables.cosines), rotated) as tf.Tensor4D, saved: [] as const };
    },
    (gradient) => {
      let packedGradient = gradient;
      if (tables !== undefined) {
        const { cosines, sines, rotation } = tables;
        // The rotation matrix is antisymmetric, so its transpose is its negative.
        const rotated = rotateHalf(tf.mul(gradient, sines) as tf.Tensor4D, rotation);
        packedGradient = tf.sub(tf.mul(gradient, cosines), rotated) as tf.Tensor4D;
      }
      return [tf.reshape(tf.transpose(packedGradient, [0, 2, 1, 3]), [rows * length, heads * headDimension])];
    },
  );
}
