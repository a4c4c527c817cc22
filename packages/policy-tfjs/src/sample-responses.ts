import type { FinishReason, RandomGenerator, SamplingOptions } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { decodeNext, type LayerCache } from "./decoder.ts";
import { finishedResponse, type GrowingResponse, growResponse, startResponse } from "./growing-response.ts";
import { lastHidden, outputKernel, runPrefix } from "./language-model.ts";
import type { ModelConfig } from "./model-config.ts";
import { unpackHeads } from "./operations/attention.ts";
import { lookUp } from "./operations/embedding.ts";
import { disposeRotaryTables, rotaryTables } from "./operations/rotary-embedding.ts";
import type { TensorParameters } from "./tensor-parameters.ts";
import { createPrefixBatch, disposePrefixBatch, type ModelPrompt } from "./token-batch.ts";
import { tokenLogits } from "./token-distribution.ts";

/** One sampled response. */
export interface SampledResponse {
  readonly tokens: Int32Array;
  readonly logprobs: Float32Array;
  readonly entropies: Float32Array;
  readonly finishReason: FinishReason;
}

export interface SampleSettings {
  readonly sampling: SamplingOptions;
  readonly trainingTemperature: number;
  readonly stopTokenIds: ReadonlySet<number>;
}

/** Batches shrink when at least this share of their rows is idle: each time costs a copy of the caches. */
const IDLE_SHARE = 0.25;

/** The rows of a decoding batch: slot g of prompt b is row g * B + b, as attention with a shared prefix wants it. */
interface RowLayout {
  /** `[B]` the prompts still in the batch, as indices into the original ones. */
  readonly prompts: readonly number[];
  /** `[G * B]` the response of each row; `undefined` for a slot that nobody uses. */
  readonly rows: readonly (GrowingResponse | undefined)[];
}

function layOut(responses: readonly GrowingResponse[]): RowLayout {
  const active = responses.filter(({ finishReason }) => finishReason === undefined);
  const prompts = [...new Set(active.map(({ prompt }) => prompt))];
  const groups = prompts.map((prompt) => active.filter((response) => response.prompt === prompt));
  const slots = Math.max(0, ...groups.map((group) => group.length));
  const rows = Array.from({ length: slots }, (_, slot) => groups.map((group) => group[slot])).flat();
  return { prompts, rows };
}

function disposeCache(cache: readonly LayerCache[]): void {
  tf.dispose(
    cache.flatMap(({ prefixKeys, prefixValues, keys, values }) =>
      [prefixKeys, prefixValues, keys, values].filter((tensor) => tensor !== undefined),
    ),
  );
}

/** Copies the caches of the rows and prompts that stay. */
function shrinkCache(
  cache: readonly LayerCache[],
  keyMask: tf.Tensor4D | undefined,
  from: RowLayout,
  to: RowLayout,
): { readonly cache: LayerCache[]; readonly keyMask: tf.Tensor4D | undefined } {
  const rowOf = new Map(from.rows.map((response, row) => [response, row]));
  // An unused slot may hold anything; row 0 is as good as any.
  const rowIndices = to.rows.map((response) => (response === undefined ? 0 : rowOf.get(response)!));
  const promptIndices = to.prompts.map((prompt) => from.prompts.indexOf(prompt));
  const pick = (tensor: tf.Tensor4D, indices: readonly number[]): tf.Tensor4D =>
    tf.tidy(() => tf.gather(tensor, tf.tensor1d([...indices], "int32")) as tf.Tensor4D);
  const shrunk = cache.map((layer) => ({
    prefixKeys: pick(layer.prefixKeys, promptIndices),
    prefixValues: pick(layer.prefixValues, promptIndices),
    keys: layer.keys && pick(layer.keys, rowIndices),
    values: layer.values && pick(layer.values, rowIndices),
  }));
  const shrunkMask = keyMask && pick(keyMask, promptIndices);
  disposeCache(cache);
  keyMask?.dispose();
  return { cache: shrunk, keyMask: shrunkMask };
}

/** First tokens' logits and the cache that all samples of a prompt share. */
function prefill(
  prompts: readonly ModelPrompt[],
  parameters: TensorParameters,
  config: ModelConfig,
): { readonly logits: tf.Tensor2D; readonly cache: LayerCache[]; readonly keyMask: tf.Tensor4D | undefined } {
  const batch = createPrefixBatch(prompts, config);
  const counts = config.text;
  const made = tf.tidy(() => {
    const { hidden, packed } = runPrefix(batch, parameters, config);
    const logits = tf.matMul(lastHidden(hidden, batch), outputKernel(parameters, config)) as tf.Tensor2D;
    const layers = packed.map((heads) => {
      const { keys, values } = unpackHeads(heads, counts);
      return [keys, values];
    });
    return { logits, layers, keyMask: batch.keyMask && tf.clone(batch.keyMask) };
  }) as { logits: tf.Tensor2D; layers: [tf.Tensor4D, tf.Tensor4D][]; keyMask: tf.Tensor4D | undefined };
  disposePrefixBatch(batch);
  const cache = made.layers.map(([prefixKeys, prefixValues]) => ({
    prefixKeys,
    prefixValues,
    keys: undefined,
    values: undefined,
  }));
  return { logits: made.logits, cache, keyMask: made.keyMask };
}

/**
 * Samples G responses to each of B prompts, all at once: one pass over the prompts, then one token for every unfinished response
 * at a time out of a key-value cache whose prefix the G samples share. Finished rows leave the batch.
 *
 * @param generators `[B][G]` the random stream of each response; its k-th number draws token k.
 * @returns `[B][G]`
 */
export async function sampleResponses(
  prompts: readonly ModelPrompt[],
  generators: readonly (readonly RandomGenerator[])[],
  parameters: TensorParameters,
  config: ModelConfig,
  settings: SampleSettings,
): Promise<SampledResponse[][]> {
  const groups = generators.map((group, prompt) => group.map((random) => startResponse(prompt, random)));
  const responses = groups.flat();
  const vocabulary = config.text.vocabularySize;
  const start = prefill(prompts, parameters, config);
  let { cache, keyMask } = start;
  let layout = layOut(responses);
  try {
    const first = (await start.logits.data()) as Float32Array;
    start.logits.dispose();
    for (const response of responses) {
      const offset = response.prompt * vocabulary;
      growResponse(response, tokenLogits(first.subarray(offset, offset + vocabulary)), settings);
    }
    for (let place = 0; responses.some(({ finishReason }) => finishReason === undefined); place++) {
      const next = layOut(responses);
      // Before the first own key there is nothing to copy but the prefixes; later, only a real gain pays for the copy.
      if (next.rows.length <= layout.rows.length * (1 - IDLE_SHARE)) {
        ({ cache, keyMask } = shrinkCache(cache, keyMask, layout, next));
        layout = next;
      }
      const step = decodeStep(layout, place, prompts, cache, keyMask, parameters, config);
      for (const { keys, values } of cache) tf.dispose([keys, values].filter((tensor) => tensor !== undefined));
      cache = cache.map((layer, index) => ({ ...layer, ...step.grown[index]! }));
      const logits = (await step.logits.data()) as Float32Array;
      step.logits.dispose();
      layout.rows.forEach((response, row) => {
        if (response === undefined || response.finishReason !== undefined) return;
        growResponse(response, tokenLogits(logits.subarray(row * vocabulary, (row + 1) * vocabulary)), settings);
      });
    }
  } finally {
    disposeCache(cache);
    keyMask?.dispose();
  }
  return groups.map((group) => group.map(finishedResponse));
}

/** Feeds each row its latest token (a finished or unused one any token: nobody reads what comes out). */
function decodeStep(
  layout: RowLayout,
  place: number,
  prompts: readonly ModelPrompt[],
  cache: readonly LayerCache[],
  keyMask: tf.Tensor4D | undefined,
  parameters: TensorParameters,
  config: ModelConfig,
): { readonly logits: tf.Tensor2D; readonly grown: { keys: tf.Tensor4D; values: tf.Tensor4D }[] } {
  const { heads, keyValueHeads, headDimension, ropeTheta } = config.text;
  const rows = layout.rows.length;
  const tokens = Int32Array.from(layout.rows, (response) => response?.tokens[place] ?? 0);
  const positions = Int32Array.from(
    layout.rows,
    (_, row) => prompts[layout.prompts[row % layout.prompts.length]!]!.tokens.length + place,
  );
  const rotary = rotaryTables({
    positions,
    rows,
    length: 1,
    headDimension,
    theta: ropeTheta,
    rotatedHeads: heads + keyValueHeads,
    plainHeads: keyValueHeads,
  });
  const made = tf.tidy(() => {
    const embedded = lookUp(parameters.get("text.embedding"), tokens);
    const { hidden, grown } = decodeNext(embedded, rotary, cache, keyMask, parameters, config);
    const logits = tf.matMul(hidden, outputKernel(parameters, config)) as tf.Tensor2D;
    return { logits, grown: grown.map(({ keys, values }) => [keys, values]) };
  }) as { logits: tf.Tensor2D; grown: [tf.Tensor4D, tf.Tensor4D][] };
  disposeRotaryTables(rotary);
  return { logits: made.logits, grown: made.grown.map(([keys, values]) => ({ keys, values })) };
}
