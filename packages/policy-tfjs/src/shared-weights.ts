import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "./model-config.ts";
import { parameterLayouts } from "./parameter-layout.ts";
import { Parameters } from "./parameters.ts";

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
export async function publishWeights(parameters: Parameters, values: SharedArrayBuffer): Promise<void> {
  const flat = new Float32Array(values);
  let offset = 0;
  for (const tensor of parameters.list()) {
    flat.set((await tensor.data()) as Float32Array, offset);
    offset += tensor.size;
  }
}

/** Reads parameters out of shared memory, as tensors of this thread. */
export function readSharedWeights(values: SharedArrayBuffer, config: ModelConfig): Parameters {
  const flat = new Float32Array(values);
  let offset = 0;
  return Parameters.fromValues(
    parameterLayouts(config),
    parameterLayouts(config).map(({ shape }) => {
      const size = tf.util.sizeFromShape([...shape]);
      offset += size;
      // A copy: tensors may keep the array, and the shared one changes.
      return flat.slice(offset - size, offset);
    }),
  );
}
