import type { ModelConfig } from "./model-config.ts";
import { type ParameterLayout, parameterLayouts } from "./parameter-layout.ts";
import { type ModelWeights, Parameters } from "./parameters.ts";

/** A model's weights in memory that all threads see. */
export interface SharedWeights {
  /** Which set of weights this is, of those that a pool knows. */
  readonly set: number;
  /** Grows whenever the set changes. */
  readonly revision: number;
  /** All parameters, one after the other, in the order of their layouts. */
  readonly values: SharedArrayBuffer;
}

/** Writes parameters into shared memory. */
export function publishWeights(parameters: Parameters, values: SharedArrayBuffer): void {
  const flat = new Float32Array(values);
  let offset = 0;
  for (const { name } of parameters.layouts) {
    const part = parameters.read(name);
    flat.set(part, offset);
    offset += part.length;
  }
}

/** Weights out of shared memory, as another thread reads them. */
export class WeightsReader implements ModelWeights {
  readonly layouts: readonly ParameterLayout[];
  readonly #parts = new Map<string, Float32Array>();
  #revision: number;
  #tensors: { readonly revision: number; readonly parameters: Parameters } | undefined;

  constructor({ values, revision }: SharedWeights, config: ModelConfig) {
    this.layouts = parameterLayouts(config);
    this.#revision = revision;
    const flat = new Float32Array(values);
    let offset = 0;
    for (const { name, shape } of this.layouts) {
      const size = shape.reduce((product, length) => product * length, 1);
      this.#parts.set(name, flat.subarray(offset, offset + size));
      offset += size;
    }
  }

  get revision(): number {
    return this.#revision;
  }

  /** The weights have been written anew. */
  follow(revision: number): void {
    this.#revision = revision;
  }

  read(name: string): Float32Array {
    const part = this.#parts.get(name);
    if (part === undefined) throw new Error(`there is no parameter "${name}"`);
    return part;
  }

  tensors(): Parameters {
    if (this.#tensors?.revision !== this.#revision) {
      this.#tensors?.parameters.dispose();
      // Copies: tensors may keep the arrays, and the shared ones change.
      const copies = this.layouts.map(({ name }) => this.read(name).slice());
      this.#tensors = { revision: this.#revision, parameters: Parameters.fromValues(this.layouts, copies) };
    }
    return this.#tensors.parameters;
  }
}
