import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";

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

interface AttentionResult {
  /** `[N, heads, length, headDimension]` */
  readonly output: tf.Tensor4D;
  /** `[N * keyValueHeads, repeat * length, P + ownLength]`, the softmax over both. */
  readonly probabilities: tf.Tensor3D;
}

/** Scaled dot-product attention (Vaswani et al. 2017), forward only. */
export function attend(operands: AttentionOperands, counts: HeadCounts): AttentionResult {
  const { queries, keys, values, mask, prefix } = operands;
  const { keyValueHeads, headDimension } = counts;
  const [rows, heads, length] = queries.shape;
  const repeated = (heads / keyValueHeads) * length;
  const ownLength = keys.shape[2];
  const scaled = tf.reshape(tf.mul(queries, 1 / Math.sqrt(headDimension)), [
    rows * keyValueHeads,
    repeated,
    headDimension,
  ]);
  let scores = tf.matMul(scaled, tf.reshape(keys, [rows * keyValueHeads, ownLength, headDimension]), false, true);
  if (mask !== undefined) {
    const masked = tf.add(tf.reshape(scores, [rows, keyValueHeads, repeated, ownLength]), mask);
    scores = tf.reshape(masked, [rows * keyValueHeads, repeated, ownLength]);
  }
  if (prefix !== undefined) {
    const [prefixes, , prefixLength] = prefix.keys.shape;
    const samples = rows / prefixes;
    let prefixScores: tf.Tensor = tf.matMul(
      tf.reshape(scaled, [samples, prefixes * keyValueHeads, repeated, headDimension]),
      tf.reshape(prefix.keys, [1, prefixes * keyValueHeads, prefixLength, headDimension]),
      false,
      true,
    );
    if (prefix.mask !== undefined) {
      prefixScores = tf.add(
        tf.reshape(prefixScores, [samples, prefixes, keyValueHeads, repeated, prefixLength]),
        tf.reshape(prefix.mask, [1, prefixes, 1, 1, prefixLength]),
      );
    }
    scores = tf.concat([tf.reshape(prefixScores, [rows * keyValueHeads, repeated, prefixLength]), scores], 2);
  }
  const probabilities = tf.softmax(scores) as tf.Tensor3D;
  let output: tf.Tensor;
  const ownValues = tf.reshape(values, [rows * keyValueHeads, ownLength, headDimension]);
  if (prefix === undefined) {
    output = tf.matMul(probabilities, ownValues);
  } else {
    const [prefixes, , prefixLength] = prefix.values.shape;
    const [ofPrefix, ofOwn] = tf.split(probabilities, [prefixLength, ownLength], 2) as [tf.Tensor3D, tf.Tensor3D];
    const fromPrefix = tf.matMul(
      tf.reshape(ofPrefix, [rows / prefixes, prefixes * keyValueHeads, repeated, prefixLength]),
      tf.reshape(prefix.values, [1, prefixes * keyValueHeads, prefixLength, headDimension]),
    );
    output = tf.add(
      tf.reshape(fromPrefix, [rows * keyValueHeads, repeated, headDimension]),
      tf.matMul(ofOwn, ownValues),
    );
  }
  return { output: tf.reshape(output, [rows, heads, length, headDimension]) as tf.Tensor4D, probabilities };
}

/** Queries, keys and values out of heads packed side by side on axis 1. */
export function unpackHeads(
  packed: tf.Tensor4D,
  counts: HeadCounts,
): { readonly queries: tf.Tensor4D; readonly keys: tf.Tensor4D; readonly values: tf.Tensor4D } {
  const [queries, keys, values] = tf.split(packed, [counts.heads, counts.keyValueHeads, counts.keyValueHeads], 1) as [
    tf.Tensor4D,
    tf.Tensor4D,
    tf.Tensor4D,
  ];
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
      const { output, probabilities } = attend({ ...own, mask: masks.own, prefix }, counts);
      return { value: mergeHeads(output), saved: [probabilities, ...inputs] };
    },
    (gradient, [probabilities, packed, packedPrefix]) =>
      attentionGradient(
        gradient,
        probabilities as tf.Tensor3D,
        packed as tf.Tensor4D,
        packedPrefix as tf.Tensor4D | undefined,
        counts,
      ),
  );
}

function attentionGradient(
  gradient: tf.Tensor2D,
  probabilities: tf.Tensor3D,
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

  let probabilityGradient: tf.Tensor = tf.matMul(outputGradient, values, false, true);
  let shared: PrefixOperands | undefined;
  if (packedPrefix !== undefined) {
    shared = prefixOperands(packedPrefix, rows, repeated, counts);
    const ofPrefix = tf.matMul(tf.reshape(outputGradient, shared.rowShape), shared.values, false, true);
    probabilityGradient = tf.concat([tf.reshape(ofPrefix, [batch, repeated, shared.length]), probabilityGradient], 2);
  }
  // Softmax: dscore = p (dp - sum(p dp)).
  const weighted = tf.mul(probabilities, probabilityGradient);
  const scoreGradient = tf.mul(
    tf.sub(weighted, tf.mul(probabilities, tf.sum(weighted, -1, true))),
    scale,
  ) as tf.Tensor3D;

  if (shared === undefined) {
    return [
      packGradient(
        tf.matMul(scoreGradient, keys),
        tf.matMul(scoreGradient, queries, true, false),
        tf.matMul(probabilities, outputGradient, true, false),
        rows,
        length,
        counts,
      ),
    ];
  }
  const sizes = [shared.length, length];
  const [prefixScores, ownScores] = tf.split(scoreGradient, sizes, 2) as [tf.Tensor3D, tf.Tensor3D];
  const [prefixProbabilities, ownProbabilities] = tf.split(probabilities, sizes, 2) as [tf.Tensor3D, tf.Tensor3D];
  const fromPrefix = tf.matMul(
    tf.reshape(prefixScores, [shared.samples, shared.batch, repeated, shared.length]),
    shared.keys,
  );
  const queryGradient = tf.add(tf.matMul(ownScores, keys), tf.reshape(fromPrefix, [batch, repeated, headDimension]));
  const ownGradient = packGradient(
    queryGradient,
    tf.matMul(ownScores, queries, true, false),
    tf.matMul(ownProbabilities, outputGradient, true, false),
    rows,
    length,
    counts,
  );
  // All G rows of a prefix add to its keys and values: bring them together as rows of one product.
  const gather = (tensor: tf.Tensor): tf.Tensor3D => gatherSamples(tensor, shared, repeated);
  const prefixes = rows / shared.samples;
  const keyGradient = tf.matMul(gather(prefixScores), gather(queries), true, false);
  const valueGradient = tf.matMul(gather(prefixProbabilities), gather(outputGradient), true, false);
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
