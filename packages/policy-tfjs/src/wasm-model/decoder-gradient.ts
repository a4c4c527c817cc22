import { type ActiveRows, keptTape, outputTape } from "./active-rows.ts";
import {
  attentionScratch,
  type DecoderPass,
  decoderShape,
  isLastRowOnly,
  type LayerTape,
  normalise,
  rotate,
} from "./decoder.ts";
import type { Address } from "./kernel-exports.ts";
import {
  type AttentionShape,
  allocateCache,
  type CacheGradients,
  cacheFloats,
  fillCache,
  type KeyValueCache,
} from "./key-value-cache.ts";
import { type ModelKernels, roundUpToSixteen } from "./model-kernels.ts";
import type { ParameterGradients } from "./parameter-gradients.ts";
import type { RowSelection } from "./row-selection.ts";
import type { WasmModel } from "./wasm-model.ts";

/** dLoss/dkey and dLoss/dvalue of a prompt in one layer, in a cache's layout: sums over the responses behind it. */
export interface PromptGradients {
  readonly keys: Address;
  readonly values: Address;
}

/** Sums at 0 for prompts of these lengths, `[layer][prompt]`. */
export function allocatePromptGradients(model: WasmModel, pass: DecoderPass): PromptGradients[][] {
  const shape = decoderShape(model);
  return pass.prompts.map((caches) =>
    caches.map(({ capacity }) => {
      const floats = cacheFloats(shape, capacity);
      return { keys: model.kernels.zeros(floats), values: model.kernels.zeros(floats) };
    }),
  );
}

/**
 * The gradient of a pass of the decoder.
 *
 * @param active which rows it runs through: of a pass over prompts, all of them, and out of the last layer each prompt's last.
 * @param gradient dLoss/dstates of the active rows' outputs; overwritten.
 * @param prompts gain what a pass over responses says of its prompts; a pass over prompts takes it from there.
 * @returns dLoss/dembedded `[active rows, hiddenSize]`
 */
export function decodeGradient(
  model: WasmModel,
  active: ActiveRows,
  tape: readonly LayerTape[],
  gradient: Address,
  prompts: readonly (readonly PromptGradients[])[],
  sums: ParameterGradients,
): Address {
  const { kernels, config } = model;
  const { layers, hiddenSize } = config.text;
  const { pass } = active;
  let dx = gradient;
  for (let layer = layers - 1; layer >= 0; layer--) {
    const outputs = layer === layers - 1 ? active.outputs : undefined;
    const rows = outputs === undefined ? dx : kernels.allocate(pass.rows * hiddenSize);
    kernels.scoped(() => {
      const kept = keptTape(model, tape[layer]!, active);
      // A pass over prompts has kept no other rows of its last layer.
      const left = outputs === undefined || pass.isPrefix ? kept : outputTape(model, kept, outputs);
      feedForwardGradient(model, layer, left, dx, sums);
      const attended = outputProjectionGradient(model, layer, left, dx, sums);
      outputs?.scatter(dx, rows, pass.rows, hiddenSize);
      attentionGradient(model, layer, pass, kept, { attended, outputs, rows }, prompts[layer]!, sums);
    });
    dx = rows;
  }
  return dx;
}

/** Turns dLoss/doutput in `dx` into dLoss/dmiddle. */
function feedForwardGradient(
  model: WasmModel,
  layer: number,
  { middle, middleInverses, gated, raised, outputs }: LayerTape,
  dx: Address,
  sums: ParameterGradients,
): void {
  const { kernels, config } = model;
  const { hiddenSize, intermediateSize } = config.text;
  const name = (part: string): string => `text.${layer}.${part}`;
  const count = outputs * intermediateSize;
  const hidden = kernels.allocate(count);
  kernels.run.swiglu(gated, raised, hidden, count);
  sums.addProducts(hidden, outputs, intermediateSize, [{ dy: dx, outputs: hiddenSize, kernel: name("down.kernel") }]);
  model.linearGradient(dx, name("down.kernel"), hidden, outputs);
  // From here on `gated` and `raised` hold their gradients.
  kernels.run.swigluGradient(gated, raised, hidden, count);
  const normalised = kernels.allocate(outputs * hiddenSize);
  normalise(model, middle, name("norm2.weight"), normalised, middleInverses, outputs);
  sums.addProducts(normalised, outputs, hiddenSize, [
    { dy: gated, outputs: intermediateSize, kernel: name("gate.kernel") },
    { dy: raised, outputs: intermediateSize, kernel: name("up.kernel") },
  ]);
  model.linearGradient(gated, name("gate.kernel"), normalised, outputs);
  model.linearGradient(raised, name("up.kernel"), normalised, outputs, true);
  normaliseGradient(model, middle, name("norm2.weight"), middleInverses, normalised, dx, outputs, sums);
}

/** Adds to `dx` and to the weight's sum. */
export function normaliseGradient(
  model: WasmModel,
  x: Address,
  weight: string,
  inverses: Address,
  dy: Address,
  dx: Address,
  rows: number,
  sums: ParameterGradients,
): void {
  const { hiddenSize } = model.config.text;
  model.kernels.run.rmsNormGradient(x, model.values(weight), inverses, dy, dx, sums.of(weight), rows, hiddenSize);
}

/** @returns dLoss/dattended of the rows that leave the layer. */
function outputProjectionGradient(
  model: WasmModel,
  layer: number,
  { attended, outputs }: LayerTape,
  dx: Address,
  sums: ParameterGradients,
): Address {
  const { heads, headDimension } = decoderShape(model);
  const width = heads * headDimension;
  const kernel = `text.${layer}.out.kernel`;
  sums.addProducts(attended, outputs, width, [{ dy: dx, outputs: model.config.text.hiddenSize, kernel }]);
  const gradient = model.kernels.allocate(outputs * width);
  model.linearGradient(dx, kernel, gradient, outputs);
  return gradient;
}

interface AttentionGradients {
  /** dLoss/dattended of the rows that leave the layer. */
  readonly attended: Address;
  /** Which rows they are; `undefined` for all. */
  readonly outputs: RowSelection | undefined;
  /** dLoss/dinput of all rows, to be added to. */
  readonly rows: Address;
}

/** Adds what comes through attention to dLoss/dinput. */
function attentionGradient(
  model: WasmModel,
  layer: number,
  pass: DecoderPass,
  tape: LayerTape,
  { attended, outputs, rows }: AttentionGradients,
  prompts: readonly PromptGradients[],
  sums: ParameterGradients,
): void {
  const { kernels, config } = model;
  const { layers, hiddenSize } = config.text;
  const shape = decoderShape(model);
  const name = (part: string): string => `text.${layer}.${part}`;
  const width = shape.heads * shape.headDimension;
  const lastRowOnly = isLastRowOnly(pass, layer, layers);
  let attendedGradient = attended;
  if (outputs !== undefined && !lastRowOnly) {
    attendedGradient = kernels.allocate(pass.rows * width);
    outputs.scatter(attended, attendedGradient, pass.rows, width);
  }
  const projected = kernels.zeros(pass.rows * shape.stride);
  sequenceGradients(model, shape, pass, layer, tape, attendedGradient, projected, prompts, lastRowOnly);
  rotate(model, projected, pass, -1);
  const normalised = kernels.allocate(pass.rows * hiddenSize);
  normalise(model, tape.input, name("norm1.weight"), normalised, tape.inputInverses, pass.rows);
  sums.addProducts(normalised, pass.rows, hiddenSize, [
    { dy: projected, outputs: shape.stride, kernel: name("qkv.kernel") },
  ]);
  model.linearGradient(projected, name("qkv.kernel"), normalised, pass.rows);
  normaliseGradient(model, tape.input, name("norm1.weight"), tape.inputInverses, normalised, rows, pass.rows, sums);
}

/** Room for keys in rows and values in columns. */
function allocateGradientCache(
  kernels: ModelKernels,
  shape: AttentionShape,
  capacity: number,
): { readonly keyRows: Address; readonly valueColumns: Address } {
  const floats = cacheFloats(shape, capacity);
  return { keyRows: kernels.allocate(floats), valueColumns: kernels.allocate(floats) };
}

/** Runs attention's gradient for each sequence: into `projected`, dLoss/dprojected, and the prompts' sums. */
function sequenceGradients(
  model: WasmModel,
  shape: AttentionShape,
  pass: DecoderPass,
  layer: number,
  tape: LayerTape,
  attendedGradient: Address,
  projected: Address,
  prompts: readonly PromptGradients[],
  lastRowOnly: boolean,
): void {
  const { kernels } = model;
  const caches = pass.prompts[layer]!;
  const longest = Math.max(0, ...pass.sequences.map(({ length }) => length));
  const longestPrompt = Math.max(0, ...caches.map(({ length }) => length));
  const scratch = attentionScratch(model, longest + longestPrompt, 8);
  const own = allocateCache(kernels, shape, longest);
  const ownFloats = cacheFloats(shape, own.capacity);
  const ownGradients = {
    ...allocateGradientCache(kernels, shape, own.capacity),
    keyGradients: kernels.allocate(ownFloats),
    valueGradients: kernels.allocate(ownFloats),
  };
  const promptRoom = pass.isPrefix ? undefined : allocateGradientCache(kernels, shape, roundUpToSixteen(longestPrompt));
  let promptAtHand: number | undefined;
  const width = shape.heads * shape.headDimension;
  pass.sequences.forEach(({ row, length, prompt }, index) => {
    const rows = tape.projected + 4 * row * shape.stride;
    let operands: CacheGradients;
    if (prompt === undefined) {
      const { keys, values } = prompts[index]!;
      operands = { cache: caches[index]!, ...ownGradients, keyGradients: keys, valueGradients: values };
    } else {
      const floats = cacheFloats(shape, own.capacity);
      kernels.run.clear(ownGradients.keyGradients, floats);
      kernels.run.clear(ownGradients.valueGradients, floats);
      fillCache(kernels, shape, own, rows, length, 0);
      operands = { cache: own, ...ownGradients };
    }
    fillGradientCache(kernels, shape, operands, rows, length);
    if (prompt !== undefined && prompt !== promptAtHand) {
      copyPromptCache(model, shape, caches[prompt]!, promptRoom!);
      promptAtHand = prompt;
    }
    const skipped = lastRowOnly ? length - 1 : 0;
    const output = lastRowOnly ? index : row;
    const prefix = prompt === undefined ? undefined : caches[prompt]!;
    kernels.run.attendGradient(
      rows + 4 * skipped * shape.stride,
      shape.stride,
      length - skipped,
      shape.heads,
      shape.keyValueHeads,
      shape.headDimension,
      shape.valueWidth,
      prefix?.keys ?? 0,
      promptRoom?.keyRows ?? 0,
      promptRoom?.valueColumns ?? 0,
      prompt === undefined ? 0 : prompts[prompt]!.keys,
      prompt === undefined ? 0 : prompts[prompt]!.values,
      prefix?.capacity ?? 0,
      prefix?.length ?? 0,
      operands.cache.keys,
      operands.keyRows,
      operands.valueColumns,
      operands.keyGradients,
      operands.valueGradients,
      operands.cache.capacity,
      skipped,
      1,
      tape.attended + 4 * output * width,
      attendedGradient + 4 * output * width,
      tape.normalisers + 4 * output * shape.heads,
      projected + 4 * (row + skipped) * shape.stride,
      scratch,
    );
    kernels.run.addKeyValueGradients(
      operands.keyGradients,
      operands.valueGradients,
      operands.cache.capacity,
      shape.valueWidth,
      length,
      shape.keyValueHeads,
      shape.headDimension,
      shape.keyOffset,
      shape.valueOffset,
      projected + 4 * row * shape.stride,
      shape.stride,
    );
  });
}

export function fillGradientCache(
  kernels: ModelKernels,
  shape: AttentionShape,
  { keyRows, valueColumns, cache }: CacheGradients,
  rows: Address,
  count: number,
): void {
  kernels.run.storeKeyRowsValueColumns(
    rows,
    shape.stride,
    count,
    shape.keyValueHeads,
    shape.headDimension,
    shape.keyOffset,
    shape.valueOffset,
    keyRows,
    valueColumns,
    cache.capacity,
    shape.valueWidth,
  );
}

/** A prompt's keys in rows and values in columns, out of its cache. */
function copyPromptCache(
  model: WasmModel,
  shape: AttentionShape,
  cache: KeyValueCache & { readonly length: number },
  room: { readonly keyRows: Address; readonly valueColumns: Address },
): void {
  const { keyValueHeads, headDimension, valueWidth } = shape;
  model.kernels.run.transposeCache(
    cache.keys,
    cache.values,
    room.keyRows,
    room.valueColumns,
    keyValueHeads,
    headDimension,
    valueWidth,
    cache.capacity,
    cache.length,
  );
}
