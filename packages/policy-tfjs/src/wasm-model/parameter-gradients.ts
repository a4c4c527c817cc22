import type { Address } from "./kernel-exports.ts";
import type { ModelKernels } from "./model-kernels.ts";
import type { WasmModel } from "./wasm-model.ts";
import { panelFloats, type WeightPlaces } from "./weight-places.ts";

/** Sums of dLoss/dparameter, laid out as the parameters' values are. */
export class ParameterGradients {
  readonly #kernels: ModelKernels;
  readonly #places: WeightPlaces;
  readonly #sums: Address;

  /** @param sums room for all of them, to be written over. */
  constructor({ kernels, places }: WasmModel, sums: Address) {
    this.#kernels = kernels;
    this.#places = places;
    this.#sums = sums;
    kernels.run.clear(sums, places.sizes.values);
  }

  /** Where the sums of one parameter lie, to be added to. */
  of(name: string): Address {
    return this.#sums + this.#places.valuesOf(name).offset;
  }

  /**
   * Adds xᵀ · dy to the gradient of each kernel: x `[rows, inputs]` is rearranged once for all of them.
   *
   * @param gradients dy `[rows, outputs]` and the parameter `[inputs, outputs]` that it adds to, and its bias where it has one.
   */
  addProducts(x: Address, rows: number, inputs: number, gradients: readonly KernelGradient[]): void {
    const { run } = this.#kernels;
    this.#kernels.scoped(() => {
      const tiles = this.#kernels.allocate(panelFloats(rows, inputs));
      run.packTiles(x, tiles, rows, inputs);
      for (const { dy, outputs, kernel, bias } of gradients) {
        this.#kernels.scoped(() => {
          const panels = this.#kernels.allocate(panelFloats(rows, outputs));
          run.packPanels(dy, panels, rows, outputs, 0);
          run.transposedProduct(tiles, panels, this.of(kernel), rows, outputs, inputs);
        });
        if (bias !== undefined) run.sumRows(dy, this.of(bias), rows, outputs);
      }
    });
  }
}

interface KernelGradient {
  readonly dy: Address;
  readonly outputs: number;
  readonly kernel: string;
  readonly bias?: string;
}
