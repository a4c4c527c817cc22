import { cutPatches, shuffledPatchOrder } from "../image-patches.ts";
import type { VisionConfig } from "../model-config.ts";
import { attend, attentionScratch } from "./decoder.ts";
import { fillGradientCache } from "./decoder-gradient.ts";
import type { Address } from "./kernel-exports.ts";
import {
  type AttentionShape,
  allocateCache,
  attentionShape,
  cacheFloats,
  fillCache,
  NO_CACHE,
} from "./key-value-cache.ts";
import type { ParameterGradients } from "./parameter-gradients.ts";
import type { WasmModel } from "./wasm-model.ts";

/** What the gradient of one layer needs of the pass; rows are patches. */
interface LayerTape {
  readonly input: Address;
  /** `[rows, 2]` */
  readonly inputMoments: Address;
  readonly projected: Address;
  readonly attended: Address;
  readonly normalisers: Address;
  readonly middle: Address;
  readonly middleMoments: Address;
  readonly expanded: Address;
}

/** What the gradient needs of a pass through the tower. */
export interface VisionTape {
  readonly images: number;
  readonly order: Int32Array;
  /** `[rows, 3 * patchSize²]` */
  readonly patches: Address;
  readonly layers: LayerTape[];
  readonly output: Address;
  readonly outputMoments: Address;
  /** `[rows, hiddenSize]` after the last norm; as `[images * imageTokens, hiddenSize * scaleFactor²]` what the connector takes. */
  readonly normalised: Address;
}

function visionShape(vision: VisionConfig): AttentionShape {
  return attentionShape(vision.heads, vision.heads, vision.hiddenSize / vision.heads);
}

function normalise(model: WasmModel, x: Address, norm: string, y: Address, moments: Address, rows: number): void {
  const { hiddenSize, layerNormEpsilon } = model.config.vision!;
  const weight = model.values(`${norm}.weight`);
  const bias = model.values(`${norm}.bias`);
  model.kernels.run.layerNorm(x, weight, bias, y, moments, rows, hiddenSize, layerNormEpsilon);
}

/**
 * The SigLIP-style vision transformer with pixel shuffle and projection (Idefics3, Laurençon et al. 2024).
 *
 * @param images each `[3, imageSize, imageSize]`, normalised.
 * @param keep whether the gradient will be asked for.
 * @returns features `[images * imageTokens, text hidden size]`
 */
export function encodeImages(
  model: WasmModel,
  images: readonly Float32Array[],
  keep: boolean,
): { readonly features: Address; readonly tape: VisionTape } {
  const { kernels, config } = model;
  const vision = config.vision!;
  const { hiddenSize, intermediateSize, patchSize, imageSize } = vision;
  const order = shuffledPatchOrder(imageSize / patchSize, config.scaleFactor);
  const perImage = order.length;
  const rows = images.length * perImage;
  const shape = visionShape(vision);
  const patches = kernels.place(cutPatches(images, imageSize, patchSize, order));
  let x = kernels.allocate(rows * hiddenSize);
  const positions = model.values("vision.positions");
  order.forEach((patch, row) => {
    kernels.run.move(positions + 4 * patch * hiddenSize, x + 4 * row * hiddenSize, hiddenSize);
  });
  const ofOneImage = perImage * hiddenSize;
  for (let image = 1; image < images.length; image++) kernels.run.move(x, x + 4 * image * ofOneImage, ofOneImage);
  model.linear(patches, "vision.patch.kernel", x, rows, { bias: "vision.patch.bias", accumulate: true });
  const layers: LayerTape[] = [];
  const normalised = kernels.allocate(rows * hiddenSize);
  const activated = kernels.allocate(rows * intermediateSize);
  const cache = allocateCache(kernels, shape, perImage);
  const scratch = attentionScratch(model, perImage, 4);
  const allocate = (): LayerTape => ({
    input: 0,
    inputMoments: kernels.allocate(2 * rows),
    projected: kernels.allocate(rows * shape.stride),
    attended: kernels.allocate(rows * hiddenSize),
    normalisers: keep ? kernels.allocate(rows * shape.heads) : 0,
    middle: 0,
    middleMoments: kernels.allocate(2 * rows),
    expanded: kernels.allocate(rows * intermediateSize),
  });
  const copyOf = (source: Address): Address => {
    if (!keep) return source;
    const copy = kernels.allocate(rows * hiddenSize);
    kernels.run.move(source, copy, rows * hiddenSize);
    return copy;
  };
  let buffers: LayerTape | undefined;
  for (let layer = 0; layer < vision.layers; layer++) {
    const name = (part: string): string => `vision.${layer}.${part}`;
    buffers = keep || buffers === undefined ? allocate() : buffers;
    const input = x;
    normalise(model, input, name("norm1"), normalised, buffers.inputMoments, rows);
    model.linear(normalised, name("qkv.kernel"), buffers.projected, rows, { bias: name("qkv.bias") });
    for (let image = 0; image < images.length; image++) {
      const first = buffers.projected + 4 * image * perImage * shape.stride;
      fillCache(kernels, shape, cache, first, perImage, 0);
      attend(model, shape, {
        queries: first,
        rows: perImage,
        prefix: NO_CACHE,
        own: cache,
        ownStart: 0,
        causal: false,
        attended: buffers.attended + 4 * image * perImage * hiddenSize,
        normalisers: keep ? buffers.normalisers + 4 * image * perImage * shape.heads : 0,
        scratch,
      });
    }
    const middle = copyOf(input);
    model.linear(buffers.attended, name("out.kernel"), middle, rows, { bias: name("out.bias"), accumulate: true });
    normalise(model, middle, name("norm2"), normalised, buffers.middleMoments, rows);
    model.linear(normalised, name("expand.kernel"), buffers.expanded, rows, { bias: name("expand.bias") });
    kernels.run.gelu(buffers.expanded, activated, rows * intermediateSize);
    x = copyOf(middle);
    model.linear(activated, name("contract.kernel"), x, rows, { bias: name("contract.bias"), accumulate: true });
    if (keep) layers.push({ ...buffers, input, middle });
  }
  const outputMoments = kernels.allocate(2 * rows);
  normalise(model, x, "vision.norm", normalised, outputMoments, rows);
  const tokens = images.length * config.imageTokens;
  const features = kernels.allocate(tokens * config.text.hiddenSize);
  // Patches that pixel shuffle brings together stand side by side: the shuffle is another reading of the same rows.
  model.linear(normalised, "connector.kernel", features, tokens);
  const tape = { images: images.length, order, patches, layers, output: x, outputMoments, normalised };
  return { features, tape };
}

/** Adds the tower's and the connector's gradients to the sums. @param features dLoss/dfeatures. */
export function encodeImagesGradient(
  model: WasmModel,
  tape: VisionTape,
  features: Address,
  sums: ParameterGradients,
): void {
  const { kernels, config } = model;
  const vision = config.vision!;
  const { hiddenSize, patchSize } = vision;
  const tokens = tape.images * config.imageTokens;
  const rows = tape.images * tape.order.length;
  const shuffled = hiddenSize * config.scaleFactor ** 2;
  sums.addProducts(tape.normalised, tokens, shuffled, [
    { dy: features, outputs: config.text.hiddenSize, kernel: "connector.kernel" },
  ]);
  const normalised = kernels.allocate(rows * hiddenSize);
  model.linearGradient(features, "connector.kernel", normalised, tokens);
  const dx = kernels.zeros(rows * hiddenSize);
  normaliseGradient(model, tape.output, "vision.norm", tape.outputMoments, normalised, dx, rows, sums);
  for (let layer = vision.layers - 1; layer >= 0; layer--) {
    kernels.scoped(() => {
      feedForwardGradient(model, layer, tape.layers[layer]!, dx, rows, sums);
      attentionGradient(model, layer, tape, dx, rows, sums);
    });
  }
  sums.addProducts(tape.patches, rows, 3 * patchSize ** 2, [
    { dy: dx, outputs: hiddenSize, kernel: "vision.patch.kernel", bias: "vision.patch.bias" },
  ]);
  const positions = sums.of("vision.positions");
  const targets = Uint32Array.from(
    { length: rows },
    (_, row) => positions + 4 * tape.order[row % tape.order.length]! * hiddenSize,
  );
  kernels.run.addRows(dx, kernels.place(targets), rows, hiddenSize);
}

function normaliseGradient(
  model: WasmModel,
  x: Address,
  norm: string,
  moments: Address,
  dy: Address,
  dx: Address,
  rows: number,
  sums: ParameterGradients,
): void {
  const weight = model.values(`${norm}.weight`);
  const weightSum = sums.of(`${norm}.weight`);
  const biasSum = sums.of(`${norm}.bias`);
  const { hiddenSize } = model.config.vision!;
  model.kernels.run.layerNormGradient(x, weight, moments, dy, dx, weightSum, biasSum, rows, hiddenSize);
}

/** Turns dLoss/doutput in `dx` into dLoss/dmiddle. */
function feedForwardGradient(
  model: WasmModel,
  layer: number,
  { middle, middleMoments, expanded }: LayerTape,
  dx: Address,
  rows: number,
  sums: ParameterGradients,
): void {
  const { kernels, config } = model;
  const { hiddenSize, intermediateSize } = config.vision!;
  const name = (part: string): string => `vision.${layer}.${part}`;
  const count = rows * intermediateSize;
  const activated = kernels.allocate(count);
  kernels.run.gelu(expanded, activated, count);
  sums.addProducts(activated, rows, intermediateSize, [
    { dy: dx, outputs: hiddenSize, kernel: name("contract.kernel"), bias: name("contract.bias") },
  ]);
  model.linearGradient(dx, name("contract.kernel"), activated, rows);
  kernels.run.geluGradient(expanded, activated, count);
  const normalised = kernels.allocate(rows * hiddenSize);
  kernels.scoped(() => {
    const moments = kernels.allocate(2 * rows);
    normalise(model, middle, name("norm2"), normalised, moments, rows);
  });
  sums.addProducts(normalised, rows, hiddenSize, [
    { dy: activated, outputs: intermediateSize, kernel: name("expand.kernel"), bias: name("expand.bias") },
  ]);
  model.linearGradient(activated, name("expand.kernel"), normalised, rows);
  normaliseGradient(model, middle, name("norm2"), middleMoments, normalised, dx, rows, sums);
}

/** Turns dLoss/dmiddle in `dx` into dLoss/dinput. */
function attentionGradient(
  model: WasmModel,
  layer: number,
  { layers, images, order }: VisionTape,
  dx: Address,
  rows: number,
  sums: ParameterGradients,
): void {
  const { kernels, config } = model;
  const vision = config.vision!;
  const { hiddenSize } = vision;
  const shape = visionShape(vision);
  const tape = layers[layer]!;
  const name = (part: string): string => `vision.${layer}.${part}`;
  sums.addProducts(tape.attended, rows, hiddenSize, [
    { dy: dx, outputs: hiddenSize, kernel: name("out.kernel"), bias: name("out.bias") },
  ]);
  const attended = kernels.allocate(rows * hiddenSize);
  model.linearGradient(dx, name("out.kernel"), attended, rows);
  const projected = kernels.zeros(rows * shape.stride);
  const perImage = order.length;
  const cache = allocateCache(kernels, shape, perImage);
  const floats = cacheFloats(shape, cache.capacity);
  const operands = {
    cache,
    keyRows: kernels.allocate(floats),
    valueColumns: kernels.allocate(floats),
    keyGradients: kernels.allocate(floats),
    valueGradients: kernels.allocate(floats),
  };
  const scratch = attentionScratch(model, perImage, 8);
  for (let image = 0; image < images; image++) {
    const first = image * perImage;
    const source = tape.projected + 4 * first * shape.stride;
    fillCache(kernels, shape, cache, source, perImage, 0);
    fillGradientCache(kernels, shape, operands, source, perImage);
    kernels.run.clear(operands.keyGradients, floats);
    kernels.run.clear(operands.valueGradients, floats);
    kernels.run.attendGradient(
      source,
      shape.stride,
      perImage,
      shape.heads,
      shape.keyValueHeads,
      shape.headDimension,
      shape.valueWidth,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      cache.keys,
      operands.keyRows,
      operands.valueColumns,
      operands.keyGradients,
      operands.valueGradients,
      cache.capacity,
      0,
      0,
      tape.attended + 4 * first * hiddenSize,
      attended + 4 * first * hiddenSize,
      tape.normalisers + 4 * first * shape.heads,
      projected + 4 * first * shape.stride,
      scratch,
    );
    kernels.run.addKeyValueGradients(
      operands.keyGradients,
      operands.valueGradients,
      cache.capacity,
      shape.valueWidth,
      perImage,
      shape.keyValueHeads,
      shape.headDimension,
      shape.keyOffset,
      shape.valueOffset,
      projected + 4 * first * shape.stride,
      shape.stride,
    );
  }
  const normalised = kernels.allocate(rows * hiddenSize);
  kernels.scoped(() => normalise(model, tape.input, name("norm1"), normalised, kernels.allocate(2 * rows), rows));
  sums.addProducts(normalised, rows, hiddenSize, [
    { dy: projected, outputs: shape.stride, kernel: name("qkv.kernel"), bias: name("qkv.bias") },
  ]);
  model.linearGradient(projected, name("qkv.kernel"), normalised, rows);
  normaliseGradient(model, tape.input, name("norm1"), tape.inputMoments, normalised, dx, rows, sums);
}
