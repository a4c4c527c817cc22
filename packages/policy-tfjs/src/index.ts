import { definePolicy } from "@fovea-rl/core";
import { policyOptionsSchema } from "./policy-options.ts";
import { TfjsPolicy } from "./tfjs-policy.ts";

export type { AdamWOptions } from "./adamw.ts";
export type { BackendAvailability, BackendName } from "./backend.ts";
export { backendAvailability } from "./backend.ts";
export type { ModelConfig, TextConfig, VisionConfig } from "./model-config.ts";
export { parseModelConfig, readModelConfig } from "./model-config.ts";
export type { WriteWeightsOptions } from "./model-weights.ts";
export { readModelWeights, writeModelWeights } from "./model-weights.ts";
export type { TfjsPolicyOptions } from "./policy-options.ts";
export { policyOptionsSchema } from "./policy-options.ts";
export type { NamedTensor, TensorMap } from "./safetensors.ts";
export { TfjsPolicy } from "./tfjs-policy.ts";
export type { EncodedPrompt, Tokenizer } from "./tokenizer.ts";
export { readTokenizer } from "./tokenizer.ts";
export type { TensorShape } from "./weight-shapes.ts";
export { weightShapes } from "./weight-shapes.ts";

/** The embedded engine, as a trainer's config names it: `policy: "@fovea-rl/policy-tfjs"`. */
export default definePolicy({
  name: "tfjs",
  optionsSchema: policyOptionsSchema,
  create: (options, context) => TfjsPolicy.create(options, context),
});
