/** A place in the kernels' memory, in bytes. 0 stands for none. */
export type Address = number;

type Kernel = (...operands: number[]) => void;

/** The functions of assembly/model-kernels.ts; their parameters are documented there. */
export interface KernelExports {
  readonly fusesMultiplyAdd: (factor: number, subtrahend: number) => number;
  readonly add: Kernel;
  readonly addKeyValueGradients: Kernel;
  readonly addRows: Kernel;
  readonly addSquares: Kernel;
  readonly attend: Kernel;
  readonly attendGradient: Kernel;
  readonly clear: Kernel;
  readonly copyRows: Kernel;
  readonly gatherRows: Kernel;
  readonly gelu: Kernel;
  readonly geluGradient: Kernel;
  readonly layerNorm: Kernel;
  readonly layerNormGradient: Kernel;
  readonly logDistributions: Kernel;
  readonly logitGradient: Kernel;
  readonly move: Kernel;
  readonly packPanels: Kernel;
  readonly packTiles: Kernel;
  readonly product: Kernel;
  readonly rmsNorm: Kernel;
  readonly rmsNormGradient: Kernel;
  readonly rotate: Kernel;
  readonly scatterRows: Kernel;
  readonly storeKeyRowsValueColumns: Kernel;
  readonly storeKeysValues: Kernel;
  readonly setOverhang: Kernel;
  readonly setWideTiles: Kernel;
  readonly stepAdamW: Kernel;
  readonly sumRows: Kernel;
  readonly swiglu: Kernel;
  readonly swigluGradient: Kernel;
  readonly tokenDistributions: Kernel;
  readonly tokenLogprobs: Kernel;
  readonly transposeCache: Kernel;
  readonly transposedProduct: Kernel;
}
