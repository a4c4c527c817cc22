import type { ModelPrompt } from "../token-batch.ts";
import { promptRows } from "./active-rows.ts";
import { allocatePromptCaches, type DecoderPass, decode, type LayerTape } from "./decoder.ts";
import { decodeGradient, type PromptGradients } from "./decoder-gradient.ts";
import type { Address } from "./kernel-exports.ts";
import type { ParameterGradients } from "./parameter-gradients.ts";
import type { RotaryPositions } from "./rotary-positions.ts";
import { encodeImages, encodeImagesGradient, type VisionTape } from "./vision-tower.ts";
import type { WasmModel } from "./wasm-model.ts";

/** What came of the pass over a batch's prompts, which all of their responses share. */
export interface PromptPass {
  readonly decoder: DecoderPass;
  /** `[prompts, hiddenSize]`, hidden states of the last tokens before the final norm. */
  readonly states: Address;
  readonly layers: readonly LayerTape[];
  readonly vision: VisionTape | undefined;
  /** What each row was embedded from: an index below the vocabulary is a word's, others are features'. */
  readonly embeddings: Int32Array;
}

/** Where each row's embedding comes from: the words' table, then the images' features in order. */
function embeddingIndices(model: WasmModel, prompts: readonly ModelPrompt[]): Int32Array {
  const { imageTokenId, text } = model.config;
  const indices: number[] = [];
  let feature = text.vocabularySize;
  for (const { tokens, pixelValues } of prompts) {
    // Prompts hold as many image tokens as their images have features (checked when they are encoded).
    for (const token of tokens) indices.push(pixelValues.length > 0 && token === imageTokenId ? feature++ : token);
  }
  return Int32Array.from(indices);
}

/** Addresses of rows, a table's first and then another's. */
function rowAddresses(indices: Int32Array, table: Address, size: number, rest: Address, width: number): Uint32Array {
  return Uint32Array.from(indices, (index) =>
    index < size ? table + 4 * index * width : rest + 4 * (index - size) * width,
  );
}

/** @param keep whether the gradient will be asked for. */
export function runPrompts(
  model: WasmModel,
  prompts: readonly ModelPrompt[],
  rotary: RotaryPositions,
  keep: boolean,
): PromptPass {
  const { kernels, config } = model;
  const { hiddenSize, vocabularySize } = config.text;
  const images = prompts.flatMap(({ pixelValues }) => pixelValues);
  const encoded = images.length === 0 ? undefined : encodeImages(model, images, keep);
  const embeddings = embeddingIndices(model, prompts);
  const rows = embeddings.length;
  const sources = rowAddresses(
    embeddings,
    model.values("text.embedding"),
    vocabularySize,
    encoded?.features ?? 0,
    hiddenSize,
  );
  const embedded = kernels.allocate(rows * hiddenSize);
  kernels.scoped(() => kernels.run.copyRows(kernels.place(sources), embedded, rows, hiddenSize));
  let row = 0;
  const sequences = prompts.map(({ tokens }) => {
    const sequence = { row, length: tokens.length, prompt: undefined };
    row += tokens.length;
    return sequence;
  });
  const positions = Int32Array.from(prompts.flatMap(({ tokens }) => [...tokens.keys()]));
  const decoder: DecoderPass = {
    rows,
    sequences,
    positions: kernels.place(positions),
    rotary,
    prompts: allocatePromptCaches(
      model,
      prompts.map(({ tokens }) => tokens.length),
    ),
    isPrefix: true,
  };
  const layers: LayerTape[] = [];
  const states = decode(model, embedded, decoder, keep ? layers : undefined);
  return { decoder, states, layers, vision: encoded?.tape, embeddings };
}

/**
 * Adds to all parameters that prompts went through.
 *
 * @param states dLoss/dstates; overwritten.
 * @param prompts dLoss/dkeys and values, from the responses.
 */
export function promptGradient(
  model: WasmModel,
  pass: PromptPass,
  states: Address,
  prompts: readonly (readonly PromptGradients[])[],
  sums: ParameterGradients,
): void {
  const { kernels, config } = model;
  const { hiddenSize, vocabularySize } = config.text;
  const embedded = decodeGradient(model, promptRows(model, pass.decoder), pass.layers, states, prompts, sums);
  const tokens = pass.vision === undefined ? 0 : pass.vision.images * config.imageTokens;
  const features = kernels.zeros(tokens * hiddenSize);
  const targets = rowAddresses(pass.embeddings, sums.of("text.embedding"), vocabularySize, features, hiddenSize);
  kernels.run.addRows(embedded, kernels.place(targets), pass.decoder.rows, hiddenSize);
  if (pass.vision !== undefined) encodeImagesGradient(model, pass.vision, features, sums);
}
