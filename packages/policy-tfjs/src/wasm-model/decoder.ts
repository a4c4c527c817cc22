import type { Address } from "./kernel-exports.ts";
import {
  type AttentionShape,
  allocateCache,
  attentionShape,
  fillCache,
  type KeyValueCache,
  NO_CACHE,
} from "./key-value-cache.ts";
import type { RotaryPositions } from "./rotary-positions.ts";
import type { WasmModel } from "./wasm-model.ts";

/** A run of neighbouring rows that belong together: a prompt, or a response behind one. */
export interface Sequence {
  /** Its first row. */
  readonly row: number;
  readonly length: number;
  /** The prompt whose keys and values come before its own; `undefined` for a prompt. */
  readonly prompt: number | undefined;
}

/** Keys and values of a prompt in one layer. */
export interface PromptCache extends KeyValueCache {
  readonly length: number;
}

/** One pass of the decoder over sequences side by side, without padding. */
export interface DecoderPass {
  readonly rows: number;
  readonly sequences: readonly Sequence[];
  /** `[rows]` int32 */
  readonly positions: Address;
  readonly rotary: RotaryPositions;
  /** `[layer][prompt]`. A pass over prompts fills them; one over responses reads them. */
  readonly prompts: readonly (readonly PromptCache[])[];
  /** A pass over prompts: of the last layer only each prompt's last row is wanted, for its keys and values are all that responses see. */
  readonly isPrefix: boolean;
}

/** What the gradient of one layer needs of the pass. */
export interface LayerTape {
  /** `[rows, hiddenSize]` before the layer. */
  readonly input: Address;
  readonly inputInverses: Address;
  /** `[rows, stride]`, rotated. */
  readonly projected: Address;
  /** `[outputs, heads * headDimension]` */
  readonly attended: Address;
  /** `[outputs, heads]`; 0 where no gradient follows. */
  readonly normalisers: Address;
  /** `[outputs, hiddenSize]` between attention and feed-forward. */
  readonly middle: Address;
  readonly middleInverses: Address;
  /** `[outputs, intermediateSize]` */
  readonly gated: Address;
  readonly raised: Address;
  /** Rows that leave the layer: all of them, or one for each prompt. */
  readonly outputs: number;
}

export function decoderShape(model: WasmModel): AttentionShape {
  const { heads, keyValueHeads, headDimension } = model.config.text;
  return attentionShape(heads, keyValueHeads, headDimension);
}

/** Room in which attention works, for sequences of up to so many tokens, prompt included. */
export function attentionScratch(model: WasmModel, tokens: number, rowsOfScores: 4 | 8): Address {
  return model.kernels.allocate(64 + rowsOfScores * (tokens + 32));
}

/** Caches for prompts of these lengths, `[layer][prompt]`. */
export function allocatePromptCaches(model: WasmModel, lengths: readonly number[]): PromptCache[][] {
  const shape = decoderShape(model);
  return Array.from({ length: model.config.text.layers }, () =>
    lengths.map((length) => ({ ...allocateCache(model.kernels, shape, length), length })),
  );
}

/** Rows of a layer's output that a sequence has: whether only its last. */
export function isLastRowOnly(pass: DecoderPass, layer: number, layers: number): boolean {
  return pass.isPrefix && layer === layers - 1;
}

/** Copies the last row of each sequence. */
export function copyLastRows(model: WasmModel, from: Address, to: Address, pass: DecoderPass, width: number): void {
  pass.sequences.forEach(({ row, length }, index) => {
    model.kernels.run.move(from + 4 * (row + length - 1) * width, to + 4 * index * width, width);
  });
}

/**
 * The Llama decoder (Touvron et al. 2023) over embedded tokens.
 *
 * @param embedded `[rows, hiddenSize]`; overwritten unless a tape is kept.
 * @param tape takes what the gradient needs of each layer.
 * @returns hidden states before the final norm: `[rows, hiddenSize]`, or `[sequences, hiddenSize]` of a pass over prompts.
 */
export function decode(model: WasmModel, embedded: Address, pass: DecoderPass, tape?: LayerTape[]): Address {
  const { kernels, config } = model;
  const { layers, hiddenSize, intermediateSize } = config.text;
  const shape = decoderShape(model);
  const { rows, sequences } = pass;
  const width = shape.heads * shape.headDimension;
  const longest = Math.max(0, ...sequences.map(({ length }) => length));
  const prefix = Math.max(0, ...(pass.isPrefix ? [] : pass.prompts[0]!.map(({ length }) => length)));
  const scratch = attentionScratch(model, prefix + longest, 4);
  const ownCache = pass.isPrefix ? undefined : allocateCache(kernels, shape, longest);
  const normalised = kernels.allocate(rows * hiddenSize);
  const hidden = kernels.allocate(rows * intermediateSize);
  const allocate = (outputs: number): LayerTape => ({
    input: 0,
    inputInverses: kernels.allocate(rows),
    projected: kernels.allocate(rows * shape.stride),
    attended: kernels.allocate(outputs * width),
    normalisers: tape === undefined ? 0 : kernels.allocate(outputs * shape.heads),
    middle: 0,
    middleInverses: kernels.allocate(outputs),
    gated: kernels.allocate(outputs * intermediateSize),
    raised: kernels.allocate(outputs * intermediateSize),
    outputs,
  });
  let buffers: LayerTape | undefined;
  let x = embedded;
  for (let layer = 0; layer < layers; layer++) {
    const lastRowOnly = isLastRowOnly(pass, layer, layers);
    const outputs = lastRowOnly ? sequences.length : rows;
    const input = x;
    // Without a tape all layers work in the same place.
    buffers = tape !== undefined || buffers === undefined ? allocate(outputs) : { ...buffers, outputs };
    normalise(model, input, `text.${layer}.norm1.weight`, normalised, buffers.inputInverses, rows);
    model.linear(normalised, `text.${layer}.qkv.kernel`, buffers.projected, rows);
    rotate(model, buffers.projected, pass, 1);
    attendSequences(model, pass, layer, lastRowOnly, buffers, ownCache, scratch);
    let middle = input;
    if (tape !== undefined || lastRowOnly) {
      middle = kernels.allocate(outputs * hiddenSize);
      if (lastRowOnly) copyLastRows(model, input, middle, pass, hiddenSize);
      else kernels.run.move(input, middle, outputs * hiddenSize);
    }
    model.linear(buffers.attended, `text.${layer}.out.kernel`, middle, outputs, { accumulate: true });
    normalise(model, middle, `text.${layer}.norm2.weight`, normalised, buffers.middleInverses, outputs);
    model.linear(normalised, `text.${layer}.gate.kernel`, buffers.gated, outputs);
    model.linear(normalised, `text.${layer}.up.kernel`, buffers.raised, outputs);
    kernels.run.swiglu(buffers.gated, buffers.raised, hidden, outputs * intermediateSize);
    x = middle;
    if (tape !== undefined) {
      x = kernels.allocate(outputs * hiddenSize);
      kernels.run.move(middle, x, outputs * hiddenSize);
      tape.push({ ...buffers, input, middle });
    }
    model.linear(hidden, `text.${layer}.down.kernel`, x, outputs, { accumulate: true });
  }
  return x;
}

export function normalise(
  model: WasmModel,
  x: Address,
  weight: string,
  y: Address,
  inverses: Address,
  rows: number,
): void {
  const { hiddenSize, rmsNormEpsilon } = model.config.text;
  model.kernels.run.rmsNorm(x, model.values(weight), y, inverses, rows, hiddenSize, rmsNormEpsilon);
}

/** Rotates queries and keys of projected rows to their positions, or gradients back. */
export function rotate(
  model: WasmModel,
  projected: Address,
  pass: Pick<DecoderPass, "rows" | "positions" | "rotary">,
  direction: 1 | -1,
): void {
  const { stride, heads, keyValueHeads, headDimension } = decoderShape(model);
  const { cosines, sines } = pass.rotary;
  model.kernels.run.rotate(
    projected,
    stride,
    pass.positions,
    cosines,
    sines,
    pass.rows,
    heads + keyValueHeads,
    headDimension,
    direction,
  );
}

function attendSequences(
  model: WasmModel,
  pass: DecoderPass,
  layer: number,
  lastRowOnly: boolean,
  { projected, attended, normalisers }: LayerTape,
  ownCache: KeyValueCache | undefined,
  scratch: Address,
): void {
  const { kernels } = model;
  const shape = decoderShape(model);
  const caches = pass.prompts[layer]!;
  pass.sequences.forEach(({ row, length, prompt }, index) => {
    const own = ownCache ?? caches[index]!;
    const first = projected + 4 * row * shape.stride;
    fillCache(kernels, shape, own, first, length, 0);
    const prefix = prompt === undefined ? NO_CACHE : caches[prompt]!;
    const skipped = lastRowOnly ? length - 1 : 0;
    const output = lastRowOnly ? index : row;
    attend(model, shape, {
      queries: first + 4 * skipped * shape.stride,
      rows: length - skipped,
      prefix,
      own,
      ownStart: skipped,
      causal: true,
      attended: attended + 4 * output * shape.heads * shape.headDimension,
      normalisers: normalisers === 0 ? 0 : normalisers + 4 * output * shape.heads,
      scratch,
    });
  });
}

interface AttentionOperands {
  readonly queries: Address;
  readonly rows: number;
  readonly prefix: PromptCache;
  readonly own: KeyValueCache;
  /** Tokens of the sequence before the first query. */
  readonly ownStart: number;
  readonly causal: boolean;
  readonly attended: Address;
  /** 0 where no gradient follows. */
  readonly normalisers: Address;
  readonly scratch: Address;
}

/** Attention of some rows of one sequence. */
export function attend(model: WasmModel, shape: AttentionShape, operands: AttentionOperands): void {
  const { prefix, own } = operands;
  model.kernels.run.attend(
    operands.queries,
    shape.stride,
    operands.rows,
    shape.heads,
    shape.keyValueHeads,
    shape.headDimension,
    shape.valueWidth,
    prefix.keys,
    prefix.values,
    prefix.capacity,
    prefix.length,
    own.keys,
    own.values,
    own.capacity,
    operands.ownStart,
    Number(operands.causal),
    operands.attended,
    operands.normalisers,
    operands.scratch,
  );
}
