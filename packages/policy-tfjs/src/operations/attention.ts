import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";
import { sharedProduct } from "./shared-product.ts";

/** Sizes of grouped-query attention (Ainslie et al. 2023): `heads / keyValueHeads` query heads share a key and value head. */
export interface HeadCounts {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDimension: number;
}

/**
 * Keys and values that many rows share: with B prefixes and G rows to each, row g * B + b attends to prefix b. The order (sample
 * index outermost) lets one batched product broadcast the prefix over G without copying it.
 */
export interface SharedPrefix {
  /** `[B, keyValueHeads, P, headDimension]` */
  readonly keys: tf.Tensor4D;
  readonly values: tf.Tensor4D;
  /** `[B, 1, 1, P]` added to the scores: 0, or a large negative number for padding; left out when nothing is padded. */
  readonly mask: tf.Tensor4D | undefined;
}

/** Queries against own keys, and against a shared prefix where there is one. Rows are N = G * B. */
export interface AttentionOperands {
  /** `[N, heads, length, headDimension]` */
  readonly queries: tf.Tensor4D;
  /** `[N, keyValueHeads, ownLength, headDimension]` */
  readonly keys: tf.Tensor4D;
  readonly values: tf.Tensor4D;
  /** `[N or 1, 1, (heads / keyValueHeads) * length, ownLength]` added to the own scores. */
  readonly mask: tf.Tensor4D | undefined;
  readonly prefix: SharedPrefix | undefined;
}

/** Attention weights, the softmax over prefix and own keys together, in two parts: joining them would copy them. */
interface AttentionWeights {
  /** `[N * keyValueHeads, repeat * length, P]` */
  readonly prefix: tf.Tensor3D | undefined;
  /** `[N * keyValueHeads, repeat * length, ownLength]` */
  readonly own: tf.Tensor3D;
}

interface AttentionResult {
  /** `[N, heads, length, headDimension]` */
  readonly output: tf.Tensor4D;
  readonly weights: AttentionWeights;
}

/** Softmax over the last axes of both parts together. */
function jointSoftmax(prefix: tf.Tensor3D | undefined, own: tf.Tensor3D): AttentionWeights {
  if (prefix === undefined) return { prefix, own: tf.softmax(own) };
  const largest = tf.maximum(tf.max(prefix, -1, true), tf.max(own, -1, true));
  const prefixWeights = tf.exp(tf.sub(prefix, largest));
  const ownWeights = tf.exp(tf.sub(own, largest));
  const total = tf.add(tf.sum(prefixWeights, -1, true), tf.sum(ownWeights, -1, true));
  return { prefix: tf.div(prefixWeights, total), own: tf.div(ownWeights, total) };
}

/** Scaled dot-product attention (Vaswani et al. 2017), forward only. */
export function attend(operands: AttentionOperands, counts: HeadCounts): AttentionResult {
  const { queries, keys, values, mask, prefix } = operands;
  const { keyValueHeads, headDimension } = counts;
  const [rows, heads, length] = queries.shape;
  const batch = rows * keyValueHeads;
  const repeated = (heads / keyValueHeads) * length;
  const ownLength = keys.shape[2];
  const scaled = tf.reshape(tf.mul(queries, 1 / Math.sqrt(headDimension)), [batch, repeated, headDimension]);
  let ownScores = tf.matMul(scaled, tf.reshape(keys, [batch, ownLength, headDimension]), false, true) as tf.Tensor3D;
  if (mask !== undefined) {
    const masked = tf.add(tf.reshape(ownScores, [rows, keyValueHeads, repeated, ownLength]), mask);
    ownScores = tf.reshape(masked, [batch, repeated, ownLength]) as tf.Tensor3D;
  }
  const ownValues = tf.reshape(values, [batch, ownLength, headDimension]) as tf.Tensor3D;
  const shape: [number, number, number, number] = [rows, heads, length, headDimension];
  if (prefix === undefined) {
    const weights = jointSoftmax(undefined, ownScores);
    return { output: tf.reshape(tf.matMul(weights.own, ownValues), shape) as tf.Tensor4D, weights };
  }
  const [prefixes, , prefixLength] = prefix.keys.shape;
  const samples = rows / prefixes;
  const sharedBatch = prefixes * keyValueHeads;
  let prefixScores: tf.Tensor = sharedProduct(
    tf.reshape(scaled, [samples, sharedBatch, repeated, headDimension]),
    tf.reshape(prefix.keys, [1, sharedBatch, prefixLength, headDimension]),
    true,
  );
  if (prefix.mask !== undefined) {
    prefixScores = tf.add(
      tf.reshape(prefixScores, [samples, prefixes, keyValueHeads, repeated, prefixLength]),
      tf.reshape(prefix.mask, [1, prefixes, 1, 1, prefixLength]),
    );
  }
  const weights = jointSoftmax(tf.reshape(prefixScores, [batch, repeated, prefixLength]) as tf.Tensor3D, ownScores);
  const fromPrefix = sharedProduct(
    tf.reshape(weights.prefix!, [samples, sharedBatch, repeated, prefixLength]),
    tf.reshape(prefix.values, [1, sharedBatch, prefixLength, headDimension]),
  );
  const output = tf.add(tf.reshape(fromPrefix, [batch, repeated, headDimension]), tf.matMul(weights.own, ownValues));
  return { output: tf.reshape(output, shape) as tf.Tensor4D, weights };
}

/** Queries, keys and values out of heads packed side by side on axis 1. */
export function unpackHeads(
  packed: tf.Tensor4D,
  counts: HeadCounts,
): { readonly queries: tf.Tensor4D; readonly keys: tf.Tensor4D; readonly values: tf.Tensor4D } {
  const [rows, , length, headDimension] = packed.shape;
  // As slices of a matrix with long rows: wasm copies slices row by row.
  const width = length * headDimension;
  const flat = tf.reshape(packed, [rows, -1]) as tf.Tensor2D;
  const part = (first: number, heads: number): tf.Tensor4D =>
    tf.reshape(tf.slice(flat, [0, first * width], [rows, heads * width]), [rows, heads, length, headDimension]);
  const queries = part(0, counts.heads);
  const keys = part(counts.heads, counts.keyValueHeads);
  const values = part(counts.heads + counts.keyValueHeads, counts.keyValueHeads);
  return { queries, keys, values };
}

export interface AttentionMasks {
  /** As {@link AttentionOperands.mask}. */
  readonly own: tf.Tensor4D | undefined;
  /** As {@link SharedPrefix.mask}. */
  readonly prefix: tf.Tensor4D | undefined;
}

/** `[N, heads, length, d]` to `[N * length, heads * d]`: what the output projection takes. */
export function mergeHeads(heads: tf.Tensor4D): tf.Tensor2D {
  const [rows, count, length, dimension] = heads.shape;
  return tf.reshape(tf.transpose(heads, [0, 2, 1, 3]), [rows * length, count * dimension]) as tf.Tensor2D;
}

/**
 * Differentiable attention over packed heads. Gradients flow to the rows and to the shared prefix, to which all of its G rows
 * contribute: this is what makes prefix sharing exact in training.
 *
 * @param packed `[N, heads + 2 keyValueHeads, length, headDimension]`
 * @param packedPrefix `[B, heads + 2 keyValueHeads, P, headDimension]`, N a multiple of B; its queries are not used.
 * @param masks constants kept outside the tape.
 * @returns `[N * length, heads * headDimension]`
 */
export function attention(
  packed: tf.Tensor4D,
  packedPrefix: tf.Tensor4D | undefined,
  masks: AttentionMasks,
  counts: HeadCounts,
): tf.Tensor2D {
  const inputs = packedPrefix === undefined ? [packed] : [packed, packedPrefix];
  return differentiable(
    inputs,
    () => {
      const own = unpackHeads(packed, counts);
      const shared = packedPrefix === undefined ? undefined : unpackHeads(packedPrefix, counts);
      const prefix =
        shared === undefined ? undefined : { keys: shared.keys, values: shared.values, mask: masks.prefix };
      const { output, weights } = attend({ ...own, mask: masks.own, prefix }, counts);
      const saved = weights.prefix === undefined ? [weights.own] : [weights.own, weights.prefix];
      return { value: mergeHeads(output), saved: [...inputs, ...saved] };
    },
    (gradient, saved) => {
      if (packedPrefix === undefined) {
        const [packed, own] = saved as unknown as [tf.Tensor4D, tf.Tensor3D];
        return attentionGradient(gradient, { own, prefix: undefined }, packed, undefined, counts);
      }
      const [packed, packedShared, own, prefix] = saved as unknown as [
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor3D,
        tf.Tensor3D,
      ];
      return attentionGradient(gradient, { own, prefix }, packed, packedShared, counts);
    },
  );
}

function attentionGradient(
  gradient: tf.Tensor2D,
  weights: AttentionWeights,
  packed: tf.Tensor4D,
  packedPrefix: tf.Tensor4D | undefined,
  counts: HeadCounts,
): tf.Tensor[] {
  const { heads, keyValueHeads, headDimension } = counts;
  const [rows, , length] = packed.shape;
  const repeated = (heads / keyValueHeads) * length;
  const batch = rows * keyValueHeads;
  const scale = 1 / Math.sqrt(headDimension);
  const own = unpackHeads(packed, counts);
  const queries = tf.reshape(own.queries, [batch, repeated, headDimension]) as tf.Tensor3D;
  const keys = tf.reshape(own.keys, [batch, length, headDimension]) as tf.Tensor3D;
  const values = tf.reshape(own.values, [batch, length, headDimension]) as tf.Tensor3D;
  const outputGradient = tf.reshape(
    tf.transpose(tf.reshape(gradient, [rows, length, heads, headDimension]), [0, 2, 1, 3]),
    [batch, repeated, headDimension],
  ) as tf.Tensor3D;

  const ownWeightGradient = tf.matMul(outputGradient, values, false, true);
  const ownWeighted = tf.mul(weights.own, ownWeightGradient);
  if (packedPrefix === undefined) {
    // Softmax: dscore = p (dp - sum(p dp)).
    const scores = tf.sub(ownWeighted, tf.mul(weights.own, tf.sum(ownWeighted, -1, true)));
    const scoreGradient = tf.mul(scores, scale) as tf.Tensor3D;
    return [
      packGradient(
        tf.matMul(scoreGradient, keys),
        tf.matMul(scoreGradient, queries, true, false),
        tf.matMul(weights.own, outputGradient, true, false),
        rows,
        length,
        counts,
      ),
    ];
  }
  const shared = prefixOperands(packedPrefix, rows, repeated, counts);
  const prefixWeights = weights.prefix!;
  const prefixWeightGradient = sharedProduct(tf.reshape(outputGradient, shared.rowShape), shared.values, true);
  const prefixWeighted = tf.mul(prefixWeights, tf.reshape(prefixWeightGradient, prefixWeights.shape));
  // The softmax is over both parts, so the sum is too.
  const along = tf.add(tf.sum(ownWeighted, -1, true), tf.sum(prefixWeighted, -1, true));
  const ownScores = tf.mul(tf.sub(ownWeighted, tf.mul(weights.own, along)), scale) as tf.Tensor3D;
  const prefixScores = tf.mul(tf.sub(prefixWeighted, tf.mul(prefixWeights, along)), scale) as tf.Tensor3D;
  const fromPrefix = sharedProduct(
    tf.reshape(prefixScores, [shared.samples, shared.batch, repeated, shared.length]),
    shared.keys,
  );
  const ownGradient = packGradient(
    tf.add(tf.matMul(ownScores, keys), tf.reshape(fromPrefix, [batch, repeated, headDimension])),
    tf.matMul(ownScores, queries, true, false),
    tf.matMul(weights.own, outputGradient, true, false),
    rows,
    length,
    counts,
  );
  // All G rows of a prefix add to its keys and values: bring them together as rows of one product.
  const gather = (tensor: tf.Tensor): tf.Tensor3D => gatherSamples(tensor, shared, repeated);
  const prefixes = rows / shared.samples;
  const keyGradient = tf.matMul(gather(prefixScores), gather(queries), true, false);
  const valueGradient = tf.matMul(gather(prefixWeights), gather(outputGradient), true, false);
  const noQueries = tf.zeros([prefixes, heads, shared.length, headDimension]);
  const keyValueShape: [number, number, number, number] = [prefixes, keyValueHeads, shared.length, headDimension];
  const prefixGradient = tf.concat(
    [noQueries, tf.reshape(keyGradient, keyValueShape), tf.reshape(valueGradient, keyValueShape)],
    1,
  );
  return [ownGradient, prefixGradient];
}

interface PrefixOperands {
  readonly samples: number;
  /** prefixes * keyValueHeads */
  readonly batch: number;
  readonly length: number;
  /** `[samples, batch, repeated, headDimension]` */
  readonly rowShape: [number, number, number, number];
  /** `[1, batch, length, headDimension]` */
  readonly keys: tf.Tensor4D;
  readonly values: tf.Tensor4D;
}

function prefixOperands(packedPrefix: tf.Tensor4D, rows: number, repeated: number, counts: HeadCounts): PrefixOperands {
  const { keys, values } = unpackHeads(packedPrefix, counts);
  const [prefixes, keyValueHeads, length, headDimension] = keys.shape;
  const batch = prefixes * keyValueHeads;
  const shape: [number, number, number, number] = [1, batch, length, headDimension];
  return {
    samples: rows / prefixes,
    batch,
    length,
    rowShape: [rows / prefixes, batch, repeated, headDimension],
    keys: tf.reshape(keys, shape),
    values: tf.reshape(values, shape),
  };
}

/** `[samples * batch, repeated, n]` to `[batch, samples * repeated, n]`. */
function gatherSamples(tensor: tf.Tensor, shared: PrefixOperands, repeated: number): tf.Tensor3D {
  const width = tensor.shape[tensor.shape.length - 1]!;
  if (shared.samples === 1) return tf.reshape(tensor, [shared.batch, repeated, width]) as tf.Tensor3D;
  const split = tf.reshape(tensor, [shared.samples, shared.batch, repeated * width]);
  return tf.reshape(tf.transpose(split, [1, 0, 2]), [shared.batch, shared.samples * repeated, width]) as tf.Tensor3D;
}

function packGradient(
  queries: tf.Tensor,
  keys: tf.Tensor,
  values: tf.Tensor,
  rows: number,
  length: number,
  counts: HeadCounts,
): tf.Tensor4D {
  const { heads, keyValueHeads, headDimension } = counts;
  return tf.concat(
    [
      tf.reshape(queries, [rows, heads, length, headDimension]),
      tf.reshape(keys, [rows, keyValueHeads, length, headDimension]),
      tf.reshape(values, [rows, keyValueHeads, length, headDimension]),
    ],
    1,
  ) as tf.Tensor4D;
}
