import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "./model-config.ts";
import {
  type AttentionMasks,
  attend,
  attention,
  type HeadCounts,
  mergeHeads,
  unpackHeads,
} from "./operations/attention.ts";
import type { RunSegment } from "./operations/checkpoint.ts";
import { swigluFeedForward } from "./operations/feed-forward.ts";
import { linear } from "./operations/linear.ts";
import { rmsNorm } from "./operations/normalisation.ts";
import { packHeads, type RotaryTables } from "./operations/rotary-embedding.ts";
import type { TensorParameters } from "./tensor-parameters.ts";

function headCounts(config: ModelConfig): HeadCounts {
  const { heads, keyValueHeads, headDimension } = config.text;
  return { heads, keyValueHeads, headDimension };
}

/** What one pass over token rows of equal length needs besides the hidden states. */
export interface DecoderPass {
  readonly rows: number;
  readonly length: number;
  readonly rotary: RotaryTables;
  readonly masks: AttentionMasks;
  /** Packed heads of the shared prefix, a tensor for each layer, as another pass returned them. */
  readonly prefix?: readonly tf.Tensor4D[];
}

export interface DecoderOutput {
  /** `[rows * length, hiddenSize]` after the final norm. */
  readonly hidden: tf.Tensor2D;
  /** Packed heads of every layer, `[rows, heads + 2 keyValueHeads, length, headDimension]`. */
  readonly packed: readonly tf.Tensor4D[];
}

/**
 * How the queries of one layer are answered: all at once behind a prefix, or one token at a time out of a cache.
 *
 * @param prefix packed heads of the shared prefix in this layer, where a pass has one.
 */
type LayerAttention = (packed: tf.Tensor4D, prefix: tf.Tensor4D | undefined, layer: number) => tf.Tensor2D;

function runLayers(
  embedded: tf.Tensor2D,
  pass: Pick<DecoderPass, "rows" | "length" | "rotary" | "prefix">,
  answer: LayerAttention,
  parameters: TensorParameters,
  config: ModelConfig,
  run: RunSegment,
): DecoderOutput {
  const { heads, keyValueHeads, headDimension, layers, rmsNormEpsilon } = config.text;
  const shape = { rows: pass.rows, heads: heads + 2 * keyValueHeads, length: pass.length, headDimension };
  const packedHeads: tf.Tensor4D[] = [];
  let x: tf.Tensor2D = embedded;
  for (let layer = 0; layer < layers; layer++) {
    const vector = (name: string): tf.Tensor1D => parameters.get(`text.${layer}.${name}`);
    const matrix = (name: string): tf.Tensor2D => parameters.get(`text.${layer}.${name}`);
    const packed = run([x, vector("norm1.weight"), matrix("qkv.kernel")] as const, (x, norm, kernel) =>
      packHeads(linear(rmsNorm(x, norm, rmsNormEpsilon), kernel), shape, pass.rotary),
    );
    packedHeads.push(packed);
    const feedForward = [matrix("gate.kernel"), matrix("up.kernel"), matrix("down.kernel")] as const;
    const prefix: readonly tf.Tensor4D[] = pass.prefix === undefined ? [] : [pass.prefix[layer]!];
    x = run(
      [x, packed, matrix("out.kernel"), vector("norm2.weight"), ...feedForward, ...prefix] as const,
      (x, packed, out, norm, gate, up, down, ...prefix) => {
        const middle = tf.add(x, linear(answer(packed, prefix[0], layer), out)) as tf.Tensor2D;
        return tf.add(middle, swigluFeedForward(rmsNorm(middle, norm, rmsNormEpsilon), gate, up, down)) as tf.Tensor2D;
      },
    );
  }
  return { hidden: rmsNorm(x, parameters.get("text.norm.weight"), rmsNormEpsilon), packed: packedHeads };
}

/** The Llama decoder (Touvron et al. 2023) over embedded tokens `[rows * length, hiddenSize]`; differentiable. */
export function decode(
  embedded: tf.Tensor2D,
  pass: DecoderPass,
  parameters: TensorParameters,
  config: ModelConfig,
  run: RunSegment,
): DecoderOutput {
  const counts = headCounts(config);
  const answer: LayerAttention = (packed, prefix) => attention(packed, prefix, pass.masks, counts);
  return runLayers(embedded, pass, answer, parameters, config, run);
}

/** Keys and values of one layer while sampling. */
export interface LayerCache {
  readonly prefixKeys: tf.Tensor4D;
  readonly prefixValues: tf.Tensor4D;
  /** `[N, keyValueHeads, tokens so far, headDimension]`; `undefined` before the first token. */
  readonly keys: tf.Tensor4D | undefined;
  readonly values: tf.Tensor4D | undefined;
}

/**
 * One more token for each of N rows behind the cache; forward only.
 *
 * @param embedded `[N, hiddenSize]`
 * @param prefixMask `[B, 1, 1, P]`
 * @returns hidden states `[N, hiddenSize]` and the grown keys and values of each layer, as new tensors.
 */
export function decodeNext(
  embedded: tf.Tensor2D,
  rotary: RotaryTables,
  cache: readonly LayerCache[],
  prefixMask: tf.Tensor4D | undefined,
  parameters: TensorParameters,
  config: ModelConfig,
): { readonly hidden: tf.Tensor2D; readonly grown: readonly { keys: tf.Tensor4D; values: tf.Tensor4D }[] } {
  const counts = headCounts(config);
  const grown: { keys: tf.Tensor4D; values: tf.Tensor4D }[] = [];
  const answer: LayerAttention = (packed, _, layer) => {
    const own = unpackHeads(packed, counts);
    const past = cache[layer]!;
    const keys = past.keys === undefined ? own.keys : (tf.concat([past.keys, own.keys], 2) as tf.Tensor4D);
    const values = past.values === undefined ? own.values : (tf.concat([past.values, own.values], 2) as tf.Tensor4D);
    grown.push({ keys, values });
    const prefix = { keys: past.prefixKeys, values: past.prefixValues, mask: prefixMask };
    const { output } = attend({ queries: own.queries, keys, values, mask: undefined, prefix }, counts);
    return mergeHeads(output);
  };
  const pass = { rows: embedded.shape[0], length: 1, rotary };
  // The grown keys and values must outlive their segments.
  const run: RunSegment = (inputs, segment) => segment(...inputs);
  const { hidden } = runLayers(embedded, pass, answer, parameters, config, run);
  return { hidden, grown };
}
