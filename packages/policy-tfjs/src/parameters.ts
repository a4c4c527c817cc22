import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import { valuesInPlace } from "./kernels/wasm-backend.ts";
import type { ModelConfig } from "./model-config.ts";
import { assembleParameter, disassembleParameter, type ParameterLayout, parameterLayouts } from "./parameter-layout.ts";
import type { NamedTensor, TensorMap } from "./safetensors.ts";

/** A model's weights as its passes take them. */
export interface ModelWeights {
  readonly layouts: readonly ParameterLayout[];
  /** Grows whenever the weights change. */
  readonly revision: number;
  /** The values of one parameter, to be read at once and not written to. */
  read(name: string): Float32Array;
  /** The same as tensors, for passes in TensorFlow.js's operations. */
  tensors(): Parameters;
}

/**
 * A tensor for each parameter of a model, in the order of its layouts: the weights themselves, or the optimiser's moments. Owns its
 * tensors: `replace` and `dispose` free what they held.
 */
export class Parameters implements ModelWeights {
  readonly layouts: readonly ParameterLayout[];
  readonly #tensors = new Map<string, tf.Tensor>();
  #revision = 0;

  private constructor(layouts: readonly ParameterLayout[]) {
    this.layouts = layouts;
  }

  /** @param origin the file that the tensors are from, to name in errors. */
  static fromCheckpoint(config: ModelConfig, tensors: TensorMap, origin: string): Parameters {
    const layouts = parameterLayouts(config);
    // All is checked before the first tensor is made: a broken checkpoint leaves nothing behind.
    return Parameters.fromValues(
      layouts,
      layouts.map((layout) => assembleParameter(layout, tensors, origin)),
    );
  }

  /** @param values one array for each layout. */
  static fromValues(layouts: readonly ParameterLayout[], values: readonly Float32Array[]): Parameters {
    const parameters = new Parameters(layouts);
    layouts.forEach((layout, index) => {
      parameters.#set(layout.name, tf.tensor(values[index]!, [...layout.shape], "float32"));
    });
    return parameters;
  }

  static zerosLike(other: Parameters): Parameters {
    const parameters = new Parameters(other.layouts);
    for (const layout of other.layouts) parameters.#set(layout.name, tf.zeros([...layout.shape]));
    return parameters;
  }

  static copyOf(other: Parameters): Parameters {
    const parameters = new Parameters(other.layouts);
    // A clone shares its data with the original, and tensors never change: copies cost nothing until weights are replaced.
    for (const layout of other.layouts) parameters.#set(layout.name, tf.clone(other.get(layout.name)));
    return parameters;
  }

  #set(name: string, tensor: tf.Tensor): void {
    this.#tensors.set(name, tf.keep(tensor));
  }

  get<T extends tf.Tensor = tf.Tensor>(name: string): T {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw new Error(`there is no parameter "${name}"`);
    return tensor as T;
  }

  read(name: string): Float32Array {
    const tensor = this.get(name);
    return tf.getBackend() === "wasm" ? valuesInPlace(tensor) : (tensor.dataSync() as Float32Array);
  }

  tensors(): Parameters {
    return this;
  }

  /** All tensors, in the order of the layouts. */
  list(): tf.Tensor[] {
    return this.layouts.map((layout) => this.get(layout.name));
  }

  get revision(): number {
    return this.#revision;
  }

  /** Takes ownership of a new tensor for one parameter, and frees the old one. */
  replace(name: string, tensor: tf.Tensor): void {
    this.get(name).dispose();
    this.#set(name, tensor);
    this.#revision++;
  }

  /** Number of scalars. */
  count(): number {
    return this.list().reduce((sum, tensor) => sum + tensor.size, 0);
  }

  /** As checkpoint tensors, by their Hugging Face names. */
  async toCheckpoint(): Promise<Map<string, NamedTensor>> {
    const tensors = new Map<string, NamedTensor>();
    for (const layout of this.layouts) {
      const values = (await this.get(layout.name).data()) as Float32Array;
      for (const [name, tensor] of disassembleParameter(layout, values)) tensors.set(name, tensor);
    }
    return tensors;
  }

  /** SHA-256 over names, shapes and values. */
  async fingerprint(): Promise<string> {
    const hash = createHash("sha256");
    for (const [name, tensor] of [...(await this.toCheckpoint())].sort(([left], [right]) => (left < right ? -1 : 1))) {
      hash.update(JSON.stringify([name, tensor.shape]));
      hash.update(new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
    }
    return hash.digest("hex");
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
  }
}
