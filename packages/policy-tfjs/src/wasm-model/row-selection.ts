import type { Address } from "./kernel-exports.ts";
import type { ModelKernels } from "./model-kernels.ts";

/** Some rows of matrices with as many rows, in ascending order. */
export class RowSelection {
  readonly count: number;
  readonly #kernels: ModelKernels;
  readonly #indices: Address;

  /** For as long as the pass lasts that makes it. */
  constructor(kernels: ModelKernels, indices: Int32Array) {
    this.count = indices.length;
    this.#kernels = kernels;
    this.#indices = kernels.place(indices);
  }

  /** A copy of these rows of `[*, width]`. */
  gather(from: Address, width: number): Address {
    const to = this.#kernels.allocate(this.count * width);
    this.#kernels.run.gatherRows(from, this.#indices, to, this.count, width);
    return to;
  }

  /** Copies `[count, width]` to these rows of `[rows, width]`, and 0 to all others. */
  scatter(from: Address, to: Address, rows: number, width: number): void {
    this.#kernels.run.clear(to, rows * width);
    this.#kernels.run.scatterRows(from, this.#indices, to, this.count, width);
  }
}
