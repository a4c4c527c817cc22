/**
 * The model's passes in WebAssembly SIMD, forward and backward, for whoever computes on a processor. Sums run in a
 * fixed order of fused multiply-adds: results are the same bits on every machine that fuses, whatever else is in the batch.
 * AssemblyScript compiles it into src/wasm-model/model-kernels-binary.ts: `pnpm --filter @fovea-rl/policy-tfjs build:kernels`.
 *
 * Addresses are bytes, sizes and strides floats. Matrices are in rows without gaps. Every buffer may be read and written up to a
 * multiple of sixteen floats.
 *
 * Memory is given, and several threads may run kernels on it: its first page holds constants, and nothing that is written.
 */
export { gelu, geluGradient, swiglu, swigluGradient } from "./model/activation";
export { stepAdamW } from "./model/adamw";
export { add, addSquares, clear, move } from "./model/arrays";
export { attend } from "./model/attention";
export { attendGradient } from "./model/attention-gradient";
export {
  addKeyValueGradients,
  storeKeyRowsValueColumns,
  storeKeysValues,
  transposeCache,
} from "./model/key-value-cache";
export { logDistributions, logitGradient, tokenDistributions, tokenLogprobs } from "./model/log-probabilities";
export { setOverhang } from "./model/matrix-tile";
export { layerNorm, layerNormGradient, rmsNorm, rmsNormGradient } from "./model/normalisation";
export { packPanels, packTiles, product, sumRows, transposedProduct } from "./model/product";
export { setWideTiles } from "./model/register-tiles";
export { rotate } from "./model/rotary";
export { addRows, copyRows, gatherRows, scatterRows } from "./model/rows";
export { fusesMultiplyAdd } from "./model/vector";
