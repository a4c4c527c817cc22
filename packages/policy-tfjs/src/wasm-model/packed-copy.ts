import type { KernelThread } from "./kernel-task.ts";
import type { PlacedWeights } from "./wasm-model.ts";

/** A copy, for passes forward, of weights that lie elsewhere: kernels packed alone, all else as it is. */
export class PackedCopy {
  readonly weights: PlacedWeights;
  readonly #thread: KernelThread;

  /** What it holds is undefined until every parameter has been written. */
  constructor(thread: KernelThread) {
    const { memory } = thread.kernels;
    const { sizes } = thread.places;
    this.#thread = thread;
    // Among the values there is room for kernels, too; it is never touched, and so takes no memory.
    this.weights = { values: memory.allocate(sizes.values), panels: memory.allocate(sizes.panels), transposed: 0 };
  }

  /** Writes one parameter over. Not while a pass reads it. */
  write(name: string, values: Float32Array): void {
    const { kernels, places } = this.#thread;
    if (!places.kernels.has(name)) {
      kernels.floats(this.weights.values + places.valuesOf(name).offset, values.length).set(values);
    }
    for (const { source, inputs, outputs, panels, isTransposed } of places.kernels.values()) {
      if (source !== name) continue;
      kernels.scoped(() => {
        const target = this.weights.panels + panels;
        kernels.run.packPanels(kernels.place(values), target, inputs, outputs, Number(isTransposed));
      });
    }
  }

  dispose(): void {
    const { memory } = this.#thread.kernels;
    const { sizes } = this.#thread.places;
    memory.free(this.weights.values, sizes.values);
    memory.free(this.weights.panels, sizes.panels);
  }
}
