import type { ParameterLayout } from "../parameter-layout.ts";
import type { Address } from "./kernel-exports.ts";
import type { ModelKernels } from "./model-kernels.ts";
import { panelFloats, type WasmModel } from "./wasm-model.ts";

/** Sums of dLoss/dparameter, in the parameters' own layout, for as long as a pass lasts. */
export class ParameterGradients {
  readonly #kernels: ModelKernels;
  readonly #sums = new Map<string, { readonly address: Address; readonly size: number }>();
  readonly #layouts: readonly ParameterLayout[];

  constructor(model: WasmModel, layouts: readonly ParameterLayout[]) {
    this.#kernels = model.kernels;
    this.#layouts = layouts;
    for (const { name, shape } of layouts) {
      const size = shape.reduce((product, length) => product * length, 1);
      this.#sums.set(name, { address: this.#kernels.zeros(size), size });
    }
  }

  /** Where the sums of one parameter lie, to be added to. */
  of(name: string): Address {
    const sum = this.#sums.get(name);
    if (sum === undefined) throw new Error(`there is no parameter "${name}"`);
    return sum.address;
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

  /** Copies all sums, one after the other, in the order of the layouts. */
  copyTo(target: Float32Array): void {
    let offset = 0;
    for (const { name } of this.#layouts) {
      const { address, size } = this.#sums.get(name)!;
      target.set(this.#kernels.floats(address, size), offset);
      offset += size;
    }
  }
}

interface KernelGradient {
  readonly dy: Address;
  readonly outputs: number;
  readonly kernel: string;
  readonly bias?: string;
}
