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
import { swigluFeedForward } from "./operations/feed-forward.ts";
import { linear } from "./operations/linear.ts";
import { rmsNorm } from "./operations/normalisation.ts";
import { packHeads, type RotaryTables } from "./operations/rotary-embedding.ts";
import type { Parameters } from "./parameters.ts";

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

/** How the queries of one layer are answered: all at once behind a prefix, or one token at a time out of a cache. */
type LayerAttention = (packed: tf.Tensor4D, layer: number) => tf.Tensor2D;

function runLayers(
  embedded: tf.Tensor2D,
  pass: { readonly rows: number; readonly length: number; readonly rotary: RotaryTables },
  answer: LayerAttention,
  parameters: Parameters,
  config: ModelConfig,
): DecoderOutput {
  const { heads, keyValueHeads, headDimension, layers, rmsNormEpsilon } = config.text;
  const shape = { rows: pass.rows, heads: heads + 2 * keyValueHeads, length: pass.length, headDimension };
  const packedHeads: tf.Tensor4D[] = [];
  let x = embedded;
  for (let layer = 0; layer < layers; layer++) {
    const get = <T extends tf.Tensor>(name: string): T => parameters.get<T>(`text.${layer}.${name}`);
    const projected = linear(rmsNorm(x, get("norm1.weight"), rmsNormEpsilon), get("qkv.kernel"));
    const packed = packHeads(projected, shape, pass.rotary);
    packedHeads.push(packed);
    x = tf.add(x, linear(answer(packed, layer), get("out.kernel")));
    const inner = rmsNorm(x, get("norm2.weight"), rmsNormEpsilon);
    x = tf.add(x, swigluFeedForward(inner, get("gate.kernel"), get("up.kernel"), get("down.kernel")));
  }
  return { hidden: rmsNorm(x, parameters.get("text.norm.weight"), rmsNormEpsilon), packed: packedHeads };
}

/** The Llama decoder (Touvron et al. 2023) over embedded tokens `[rows * length, hiddenSize]`; differentiable. */
export function decode(
  embedded: tf.Tensor2D,
  pass: DecoderPass,
  parameters: Parameters,
  config: ModelConfig,
): DecoderOutput {
  const counts = headCounts(config);
  const answer: LayerAttention = (packed, layer) => attention(packed, pass.prefix?.[layer], pass.masks, counts);
  return runLayers(embedded, pass, answer, parameters, config);
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
  parameters: Parameters,
  config: ModelConfig,
): { readonly hidden: tf.Tensor2D; readonly grown: readonly { keys: tf.Tensor4D; values: tf.Tensor4D }[] } {
  const counts = headCounts(config);
  const grown: { keys: tf.Tensor4D; values: tf.Tensor4D }[] = [];
  const answer: LayerAttention = (packed, layer) => {
    const own = unpackHeads(packed, counts);
    const past = cache[layer]!;
    const keys = past.keys === undefined ? own.keys : (tf.concat([past.keys, own.keys], 2) as tf.Tensor4D);
    const values = past.values === undefined ? own.values : (tf.concat([past.values, own.values], 2) as tf.Tensor4D);
    grown.push({ keys, values });
    const prefix = { keys: past.prefixKeys, values: past.prefixValues, mask: prefixMask };
    const { output } = attend({ queries: own.queries, keys, values, mask: undefined, prefix }, counts);
    return mergeHeads(output);
  };
  const { hidden } = runLayers(embedded, { rows: embedded.shape[0], length: 1, rotary }, answer, parameters, config);
  return { hidden, grown };
}
