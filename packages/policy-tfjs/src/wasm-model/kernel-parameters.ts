import type { ReadParameter } from "../parameter-layout.ts";
import { type AdamWCoefficients, Parameters, type StepOperands } from "../parameters.ts";
import type { Address } from "./kernel-exports.ts";
import { FLOAT } from "./kernel-memory.ts";
import { type KernelThreads, share } from "./kernel-threads.ts";
import type { PlacedWeights } from "./wasm-model.ts";

/** Kernels packed for one purpose, and when. */
interface Packed {
  readonly address: Address;
  readonly revision: number;
  readonly done: Promise<void>;
}

/** Parameters in the kernels' memory, which are stepped in place. Once they serve as weights they are there packed, too. */
export class KernelParameters extends Parameters {
  readonly #address: Address;
  readonly #threads: KernelThreads;
  readonly #packed: { panels?: Packed; transposed?: Packed } = {};
  #revision = 0;
  #isDisposed = false;

  /** What they hold is undefined. */
  constructor(threads: KernelThreads) {
    super(threads.own.places.layouts);
    this.#threads = threads;
    this.#address = threads.own.kernels.memory.allocate(this.#size);
  }

  /** Where their values lie. Once they are disposed those of others may lie there. */
  get address(): Address {
    if (this.#isDisposed) throw new Error("these parameters were disposed");
    return this.#address;
  }

  static async read(read: ReadParameter, threads: KernelThreads): Promise<KernelParameters> {
    const parameters = new KernelParameters(threads);
    try {
      for (const layout of parameters.layouts) parameters.write(layout.name, await read(layout));
    } catch (error) {
      parameters.dispose();
      throw error;
    }
    return parameters;
  }

  /** Floats of all values. */
  get #size(): number {
    return this.#threads.own.places.sizes.values;
  }

  /** One parameter's values where they lie. */
  view(name: string): Float32Array {
    const { places, kernels } = this.#threads.own;
    const { offset, size } = places.valuesOf(name);
    return kernels.floats(this.address + offset, size);
  }

  /** Writes one parameter over. Not while a pass reads it. */
  write(name: string, values: Float32Array): void {
    this.view(name).set(values);
    this.#revision++;
  }

  async values(name: string): Promise<Float32Array> {
    return this.view(name).slice();
  }

  copy(): this {
    const copy = new KernelParameters(this.#threads);
    this.#threads.own.kernels.run.move(this.address, copy.address, this.#size);
    return copy as this;
  }

  zeros(): this {
    const zeros = new KernelParameters(this.#threads);
    this.#threads.own.kernels.run.clear(zeros.address, this.#size);
    return zeros as this;
  }

  async add(other: this): Promise<void> {
    this.#revision++;
    await share(this.#threads, this.#size, "add", (first, count) => ({
      target: this.address + FLOAT * first,
      source: other.address + FLOAT * first,
      count,
    }));
  }

  async squares(): Promise<number> {
    const { places, kernels } = this.#threads.own;
    return kernels.scoped(() => {
      const sums = kernels.zeros(8);
      for (const { offset, size } of places.values.values()) kernels.run.addSquares(this.address + offset, size, sums);
      const [first, second, third, fourth] = new Float64Array(kernels.memory.buffer, sums, 4);
      return first! + second! + (third! + fourth!);
    });
  }

  async step({ gradient, firstMoments, secondMoments }: StepOperands<this>, coefficients: AdamWCoefficients) {
    this.#revision++;
    await share(this.#threads, this.#size, "step", (first, count) => ({
      weights: this.address + FLOAT * first,
      gradient: gradient.address + FLOAT * first,
      firstMoments: firstMoments.address + FLOAT * first,
      secondMoments: secondMoments.address + FLOAT * first,
      count,
      coefficients,
    }));
  }

  /** These as weights for passes forward, or for gradients too. Not to be written over while a pass runs. */
  async weights(purpose: "forward" | "gradient"): Promise<PlacedWeights> {
    const values = this.address;
    const panels = await this.#pack("panels");
    const transposed = purpose === "forward" ? 0 : await this.#pack("transposed");
    return { values, panels, transposed };
  }

  async #pack(purpose: "panels" | "transposed"): Promise<Address> {
    const known = this.#packed[purpose];
    if (known?.revision === this.#revision) {
      await known.done;
      return known.address;
    }
    const { kernels, places } = this.#threads.own;
    const address = known?.address ?? kernels.memory.allocate(places.sizes[purpose]);
    const done = this.#packInto(address, purpose);
    this.#packed[purpose] = { address, revision: this.#revision, done };
    await done;
    return address;
  }

  async #packInto(address: Address, purpose: "panels" | "transposed"): Promise<void> {
    const weights = { values: this.address, panels: 0, transposed: 0, [purpose]: address };
    const { places } = this.#threads.own;
    const ends = [...places.kernels].reduce<{ name: string; end: number }[]>((list, [name, { inputs, outputs }]) => {
      list.push({ name, end: (list.at(-1)?.end ?? 0) + inputs * outputs });
      return list;
    }, []);
    // Kernels whose packing ends in a part of all floats belong to that part.
    await share(this.#threads, ends.at(-1)?.end ?? 0, "pack", (first, count) => ({
      weights,
      purpose,
      kernels: ends.filter(({ end }) => first < end && end <= first + count).map(({ name }) => name),
    }));
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    const { kernels, places } = this.#threads.own;
    kernels.memory.free(this.#address, this.#size);
    for (const purpose of ["panels", "transposed"] as const) {
      const packed = this.#packed[purpose];
      if (packed !== undefined) kernels.memory.free(packed.address, places.sizes[purpose]);
      delete this.#packed[purpose];
    }
  }
}
