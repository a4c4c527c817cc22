import { randomGenerator } from "@fovea-rl/core";
import { type ModelConfig, type NamedTensor, type TensorMap, weightShapes } from "@fovea-rl/policy-tfjs";

/** Standard deviation of the initial weights, or the constant that norms and biases start from. */
function initialisation(
  name: string,
  shape: readonly number[],
): { readonly deviation: number } | { readonly constant: number } {
  if (name.endsWith(".bias")) return { constant: 0 };
  if (/norm\d?\.weight$|layernorm\.weight$/.test(name)) return { constant: 1 };
  if (name.endsWith("embed_tokens.weight")) return { deviation: 0.5 };
  if (name.endsWith("position_embedding.weight")) return { deviation: 0.2 };
  const inputs = shape.slice(1).reduce((product, size) => product * size, 1);
  // What writes to the residual stream starts smaller, so that the stream begins as its input.
  const isResidual = /(o_proj|out_proj|down_proj|fc2)\.weight$/.test(name);
  return { deviation: (isResidual ? 0.5 : 1) / Math.sqrt(inputs) };
}

/** Random weights of a model: a pure function of the seed and each tensor's name. */
export function initialWeights(config: ModelConfig, seed: number): TensorMap {
  return new Map(
    weightShapes(config).map(({ name, shape }): [string, NamedTensor] => {
      const size = shape.reduce((product, length) => product * length, 1);
      const start = initialisation(name, shape);
      if ("constant" in start) return [name, { shape, data: new Float32Array(size).fill(start.constant) }];
      const random = randomGenerator({ seed, purpose: `initialise/${name}` });
      return [name, { shape, data: Float32Array.from({ length: size }, () => start.deviation * random.normal()) }];
    }),
  );
}
