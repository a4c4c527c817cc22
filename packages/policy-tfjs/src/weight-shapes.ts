import type { ModelConfig } from "./model-config.ts";
import { parameterLayouts } from "./parameter-layout.ts";

export interface TensorShape {
  /** As Hugging Face names it. */
  readonly name: string;
  readonly shape: readonly number[];
}

/** Every tensor that a checkpoint of this model holds, in a fixed order: what an initialisation has to fill. */
export function weightShapes(config: ModelConfig): readonly TensorShape[] {
  return parameterLayouts(config).flatMap(({ sources }) => sources);
}
