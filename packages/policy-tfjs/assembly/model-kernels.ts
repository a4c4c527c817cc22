/**
 * The model's passes in WebAssembly SIMD, forward and backward, for whoever computes on a processor. Sums run in a
 * fixed order of fused multiply-adds: results are the same bits on every machine that fuses, whatever else is in the batch.
 * AssemblyScript compiles it into src/kernels/model-kernels-binary.ts: `pnpm --filter @fovea-rl/policy-tfjs build:kernels`.
 *
 * Addresses are bytes, sizes and strides floats. Matrices are in rows without gaps. Every buffer may be read and written up to a
 * multiple of sixteen floats.
 */
export { gelu, geluGradient, swiglu, swigluGradient } from "./model/activation";
export { attend } from "./model/attention";
export { attendGradient } from "./model/attention-gradient";
export {
  addKeyValueGradients,
  storeKeyRowsValueColumns,
  storeKeysValues,
  transposeCache,
} from "./model/key-value-cache";
export { logDistributions, logitGradient, tokenDistributions, tokenLogprobs } from "./model/log-probabilities";
export { layerNorm, layerNormGradient, rmsNorm, rmsNormGradient } from "./model/normalisation";
export { packPanels, packTiles, product, sumRows, transposedProduct } from "./model/product";
export { setWideTiles } from "./model/register-tiles";
export { rotate } from "./model/rotary";
export { addRows, copyRows, gatherRows, scatterRows } from "./model/rows";
export { fusesMultiplyAdd } from "./model/vector";

/** Where free memory begins. */
export function freeMemory(): usize {
  return (__heap_base + 63) & ~63;
}
