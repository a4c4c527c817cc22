import type { ModelConfig } from "../model-config.ts";
import type { ParameterLayout } from "../parameter-layout.ts";
import type { ModelWeights } from "../parameters.ts";
import type { Address } from "./kernel-exports.ts";
import { ModelKernels, roundUpToSixteen } from "./model-kernels.ts";

/** Where a parameter lies in the kernels' memory. */
interface PlacedParameter {
  readonly shape: readonly number[];
  /** Vectors and tables: as they are. */
  readonly values: Address;
  /** Kernels `[in, out]`, in panels for x · kernel. */
  readonly panels: Address;
}

/** Bytes of weights that still leave room for a pass among the 4 GiB that WebAssembly addresses. */
const LARGEST_WEIGHTS = 3 * 2 ** 30;

/** Whether a model of these parameters can be sampled from in WebAssembly's memory. */
export function fitsInWasm(layouts: readonly ParameterLayout[]): boolean {
  const floats = layouts.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
  return 4 * floats <= LARGEST_WEIGHTS;
}

const isKernel = (name: string): boolean => name.endsWith(".kernel");

/** Floats of B `[k, n]` in panels, and enough for A `[k, n]` in tiles. */
export function panelFloats(k: number, n: number): number {
  return k * roundUpToSixteen(n);
}

/**
 * A model in the memory of kernels of its own: packed weights below, what a pass allocates above. Follows the parameters it belongs to:
 * weights are packed anew when they have been replaced.
 */
export class WasmModel {
  readonly kernels = new ModelKernels();
  readonly config: ModelConfig;
  readonly #weights: WeakRef<ModelWeights>;
  readonly #placed = new Map<string, PlacedParameter>();
  /** Panels of the transposed kernels, for dy · kernelᵀ; made when a gradient is first asked for. */
  readonly #transposed = new Map<string, Address>();
  #revision: number | undefined;
  #transposedRevision: number | undefined;

  constructor(weights: ModelWeights, config: ModelConfig) {
    this.config = config;
    this.#weights = new WeakRef(weights);
    for (const { name, shape } of weights.layouts) {
      const size = shape.reduce((product, length) => product * length, 1);
      const [inputs, outputs] = shape as [number, number];
      this.#placed.set(name, {
        shape,
        values: isKernel(name) ? 0 : this.kernels.allocate(roundUpToSixteen(size)),
        panels: isKernel(name) ? this.kernels.allocate(panelFloats(inputs, outputs)) : 0,
      });
    }
    if (config.text.tieWordEmbeddings) {
      const { vocabularySize, hiddenSize } = config.text;
      const panels = this.kernels.allocate(panelFloats(hiddenSize, vocabularySize));
      this.#placed.set("head.kernel", { shape: [hiddenSize, vocabularySize], values: 0, panels });
    }
  }

  #read(name: string): Float32Array {
    return this.#weights.deref()!.read(name);
  }

  /** Brings the packed weights up to date; for gradients, the transposed ones too. Not while a pass runs. */
  prepare(purpose: "forward" | "gradient"): void {
    const { revision } = this.#weights.deref()!;
    if (this.#revision !== revision) this.#packForward();
    this.#revision = revision;
    if (purpose === "forward" || this.#transposedRevision === revision) return;
    this.#packTransposed();
    this.#transposedRevision = revision;
  }

  #pack(values: Float32Array, panels: Address, k: number, n: number, transposed: boolean): void {
    const { kernels } = this;
    kernels.scoped(() => kernels.run.packPanels(kernels.place(values), panels, k, n, Number(transposed)));
  }

  #packForward(): void {
    for (const [name, { shape, values, panels }] of this.#placed) {
      if (name === "head.kernel" && this.config.text.tieWordEmbeddings) continue;
      const read = this.#read(name);
      const [inputs, outputs] = shape as [number, number];
      if (panels === 0) this.kernels.floats(values, read.length).set(read);
      else this.#pack(read, panels, inputs, outputs, false);
      if (name === "text.embedding" && this.config.text.tieWordEmbeddings) {
        this.#pack(read, this.#placed.get("head.kernel")!.panels, outputs, inputs, true);
      }
    }
  }

  #packTransposed(): void {
    for (const [name, { shape, panels }] of this.#placed) {
      if (panels === 0 || name === "vision.patch.kernel") continue;
      const [inputs, outputs] = shape as [number, number];
      let transposed = this.#transposed.get(name);
      if (transposed === undefined) {
        transposed = this.kernels.allocate(panelFloats(outputs, inputs));
        this.#transposed.set(name, transposed);
      }
      const tied = name === "head.kernel" && this.config.text.tieWordEmbeddings;
      // The embedding is the transposed head already.
      if (tied) this.#pack(this.#read("text.embedding"), transposed, outputs, inputs, false);
      else this.#pack(this.#read(name), transposed, outputs, inputs, true);
    }
  }

  #parameter(name: string): PlacedParameter {
    const placed = this.#placed.get(name);
    if (placed === undefined) throw new Error(`there is no parameter "${name}"`);
    return placed;
  }

  /** A vector or table as it is. */
  values(name: string): Address {
    return this.#parameter(name).values;
  }

  /** y = x · kernel (+ bias), or y += ..., for `rows` rows. */
  linear(x: Address, kernel: string, y: Address, rows: number, options: LinearOptions = {}): void {
    const { panels, shape } = this.#parameter(kernel);
    const bias = options.bias === undefined ? 0 : this.values(options.bias);
    this.kernels.run.product(x, panels, bias, y, rows, shape[1]!, shape[0]!, Number(options.accumulate ?? false));
  }

  /** dx = dy · kernelᵀ, or dx += ... */
  linearGradient(dy: Address, kernel: string, dx: Address, rows: number, accumulate = false): void {
    const { shape } = this.#parameter(kernel);
    const panels = this.#transposed.get(kernel)!;
    this.kernels.run.product(dy, panels, 0, dx, rows, shape[0]!, shape[1]!, Number(accumulate));
  }
}

interface LinearOptions {
  readonly bias?: string;
  /** Adds to what is there. */
  readonly accumulate?: boolean;
}

const models = new WeakMap<ModelWeights, WasmModel>();

/** The model with these weights, up to date. */
export function wasmModel(weights: ModelWeights, config: ModelConfig, purpose: "forward" | "gradient"): WasmModel {
  let model = models.get(weights);
  if (model === undefined) {
    model = new WasmModel(weights, config);
    models.set(weights, model);
  }
  model.prepare(purpose);
  return model;
}
