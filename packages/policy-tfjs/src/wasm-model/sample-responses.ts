import { randomGenerator } from "@fovea-rl/core/random-generator";
import { finishedResponse, type GrowingResponse, growResponse, startResponse } from "../growing-response.ts";
import type { SamplePass } from "../passes.ts";
import type { SampledResponse, SampleSettings } from "../sample-responses.ts";
import type { ModelPrompt } from "../token-batch.ts";
import { attend, attentionScratch, decoderShape, normalise, type PromptCache, rotate } from "./decoder.ts";
import { headLogits } from "./head.ts";
import type { Address } from "./kernel-exports.ts";
import { allocateCache, fillCache, type KeyValueCache } from "./key-value-cache.ts";
import { runPrompts } from "./prompt-pass.ts";
import { type RotaryPositions, rotaryPositions } from "./rotary-positions.ts";
import { sampledLogits } from "./sampled-logits.ts";
import type { WasmModel } from "./wasm-model.ts";

/** Tokens that a row's cache has room for at first; doubled when they are used up. */
const FIRST_CAPACITY = 32;

/** A response with keys and values of its own, one cache a layer. */
interface Row {
  readonly response: GrowingResponse;
  caches: KeyValueCache[];
}

/** As sampleResponses, with kernels of our own. Responses do not depend on each other, to the bit. */
export function sampleInWasm(model: WasmModel, { prompts, randomKeys, settings }: SamplePass): SampledResponse[][] {
  const groups = randomKeys.map((keys, prompt) => keys.map((key) => startResponse(prompt, randomGenerator(key))));
  model.kernels.scoped(() => growAll(model, prompts, groups.flat(), settings));
  return groups.map((group) => group.map(finishedResponse));
}

function growAll(
  model: WasmModel,
  prompts: readonly ModelPrompt[],
  responses: readonly GrowingResponse[],
  settings: SampleSettings,
): void {
  const { kernels, config } = model;
  const { vocabularySize } = config.text;
  const { maximumTokens, temperature } = settings.sampling;
  // At 0 the most probable token is taken, and nothing drawn.
  const temperatures = [...new Set([settings.trainingTemperature, temperature])].filter((value) => value > 0);
  const rotary = rotaryPositions(model, Math.max(...prompts.map(({ tokens }) => tokens.length)) + maximumTokens);
  const { decoder, states } = runPrompts(model, prompts, rotary, false);
  kernels.scoped(() => {
    const logits = headLogits(model, states, prompts.length);
    const logitsOf = sampledLogits(kernels, logits, prompts.length, vocabularySize, temperatures);
    for (const response of responses) growResponse(response, logitsOf(response.prompt), settings);
  });
  const shape = decoderShape(model);
  const allocateCaches = (tokens: number): KeyValueCache[] =>
    Array.from({ length: config.text.layers }, () => allocateCache(kernels, shape, tokens));
  let capacity = Math.min(maximumTokens, FIRST_CAPACITY);
  let rows = responses
    .filter(({ finishReason }) => finishReason === undefined)
    .map((response): Row => ({ response, caches: allocateCaches(capacity) }));
  for (let place = 0; rows.length > 0; place++) {
    if (place === capacity) {
      capacity = Math.min(maximumTokens, 2 * capacity);
      for (const row of rows) row.caches = row.caches.map((cache) => growCache(model, cache, capacity, place));
    }
    kernels.scoped(() => {
      const logits = decodeNext(model, rows, place, decoder.prompts, prompts, rotary);
      const logitsOf = sampledLogits(kernels, logits, rows.length, vocabularySize, temperatures);
      rows.forEach(({ response }, index) => {
        growResponse(response, logitsOf(index), settings);
      });
    });
    rows = rows.filter(({ response }) => response.finishReason === undefined);
  }
}

/** A larger cache with the same tokens. */
function growCache(model: WasmModel, from: KeyValueCache, tokens: number, used: number): KeyValueCache {
  const { kernels } = model;
  const { keyValueHeads, headDimension, valueWidth } = decoderShape(model);
  const to = allocateCache(kernels, decoderShape(model), tokens);
  for (let head = 0; head < keyValueHeads; head++) {
    for (let index = 0; index < headDimension; index++) {
      const row = head * headDimension + index;
      kernels.run.move(from.keys + 4 * row * from.capacity, to.keys + 4 * row * to.capacity, used);
    }
    const start = 4 * head * valueWidth;
    kernels.run.move(from.values + start * from.capacity, to.values + start * to.capacity, used * valueWidth);
  }
  return to;
}

/** Feeds each row its latest token; `[rows, vocabulary]` logits of the next. */
function decodeNext(
  model: WasmModel,
  rows: readonly Row[],
  place: number,
  promptCaches: readonly (readonly PromptCache[])[],
  prompts: readonly ModelPrompt[],
  rotary: RotaryPositions,
): Address {
  const { kernels, config } = model;
  const { hiddenSize, intermediateSize, layers } = config.text;
  const shape = decoderShape(model);
  const count = rows.length;
  const width = shape.heads * shape.headDimension;
  const table = model.values("text.embedding");
  const x = kernels.allocate(count * hiddenSize);
  const sources = Uint32Array.from(rows, ({ response }) => table + 4 * response.tokens[place]! * hiddenSize);
  kernels.run.copyRows(kernels.place(sources), x, count, hiddenSize);
  const positions = kernels.place(
    Int32Array.from(rows, ({ response }) => prompts[response.prompt]!.tokens.length + place),
  );
  const normalised = kernels.allocate(count * hiddenSize);
  const inverses = kernels.allocate(count);
  const projected = kernels.allocate(count * shape.stride);
  const attended = kernels.allocate(count * width);
  const gated = kernels.allocate(count * intermediateSize);
  const raised = kernels.allocate(count * intermediateSize);
  const longest = Math.max(...prompts.map(({ tokens }) => tokens.length));
  const scratch = attentionScratch(model, longest + place + 1, 4);
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string): string => `text.${layer}.${part}`;
    normalise(model, x, name("norm1.weight"), normalised, inverses, count);
    model.linear(normalised, name("qkv.kernel"), projected, count);
    rotate(model, projected, { rows: count, positions, rotary }, 1);
    rows.forEach(({ response, caches }, index) => {
      const own = caches[layer]!;
      const queries = projected + 4 * index * shape.stride;
      fillCache(kernels, shape, own, queries, 1, place);
      attend(model, shape, {
        queries,
        rows: 1,
        prefix: promptCaches[layer]![response.prompt]!,
        own,
        ownStart: place,
        causal: true,
        attended: attended + 4 * index * width,
        normalisers: 0,
        scratch,
      });
    });
    model.linear(attended, name("out.kernel"), x, count, { accumulate: true });
    normalise(model, x, name("norm2.weight"), normalised, inverses, count);
    model.linear(normalised, name("gate.kernel"), gated, count);
    model.linear(normalised, name("up.kernel"), raised, count);
    kernels.run.swiglu(gated, raised, gated, count * intermediateSize);
    model.linear(gated, name("down.kernel"), x, count, { accumulate: true });
  }
  return headLogits(model, x, count);
}
