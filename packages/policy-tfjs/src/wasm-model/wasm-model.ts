import type { ModelConfig } from "../model-config.ts";
import type { Address } from "./kernel-exports.ts";
import type { ModelKernels } from "./model-kernels.ts";
import type { KernelPlace, WeightPlaces } from "./weight-places.ts";

/** Where a model's weights lie in the kernels' memory. */
export interface PlacedWeights {
  /** All parameters as they are. */
  readonly values: Address;
  /** Kernels `[in, out]`, in panels for x · kernel. */
  readonly panels: Address;
  /** The same for dy · kernelᵀ; 0 where no gradient is asked for. */
  readonly transposed: Address;
}

interface LinearOptions {
  readonly bias?: string;
  /** Adds to what is there. */
  readonly accumulate?: boolean;
}

/** A model as the passes of one thread see it. */
export class WasmModel {
  readonly kernels: ModelKernels;
  readonly config: ModelConfig;
  readonly places: WeightPlaces;
  readonly #weights: PlacedWeights;

  constructor(kernels: ModelKernels, config: ModelConfig, places: WeightPlaces, weights: PlacedWeights) {
    this.kernels = kernels;
    this.config = config;
    this.places = places;
    this.#weights = weights;
  }

  #kernel(name: string): KernelPlace {
    const place = this.places.kernels.get(name);
    if (place === undefined) throw new Error(`there is no kernel "${name}"`);
    return place;
  }

  /** A vector or table as it is. */
  values(name: string): Address {
    return this.#weights.values + this.places.valuesOf(name).offset;
  }

  /** y = x · kernel (+ bias), or y += ..., for `rows` rows. */
  linear(x: Address, kernel: string, y: Address, rows: number, options: LinearOptions = {}): void {
    const { panels, inputs, outputs } = this.#kernel(kernel);
    const bias = options.bias === undefined ? 0 : this.values(options.bias);
    const b = this.#weights.panels + panels;
    this.kernels.run.product(x, b, bias, y, rows, outputs, inputs, Number(options.accumulate ?? false));
  }

  /** dx = dy · kernelᵀ, or dx += ... */
  linearGradient(dy: Address, kernel: string, dx: Address, rows: number, accumulate = false): void {
    const { transposed, inputs, outputs } = this.#kernel(kernel);
    const b = this.#weights.transposed + transposed!;
    this.kernels.run.product(dy, b, 0, dx, rows, inputs, outputs, Number(accumulate));
  }
}
