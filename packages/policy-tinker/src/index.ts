import { definePolicy } from "@fovea-rl/core";
import { policyOptionsSchema } from "./policy-options.ts";
import { TinkerPolicy } from "./tinker-policy.ts";

export { RefusedError } from "./connection/connection-error.ts";
export type { ConnectionCounts } from "./connection/tinker-connection.ts";
export type { TinkerPolicyOptions } from "./policy-options.ts";
export { policyOptionsSchema } from "./policy-options.ts";
export type { ImageEncoder } from "./prompt/image-encoder.ts";
export type { ModelFamily, PixelBounds } from "./prompt/model-family.ts";
export type { EncodedPrompt, PromptEncoder } from "./prompt/prompt-encoder.ts";
export { readPromptEncoder } from "./prompt/prompt-encoder.ts";
export type { SizedImage, SmartResizeOptions } from "./prompt/smart-resize.ts";
export { smartResize } from "./prompt/smart-resize.ts";
export { TinkerPolicy } from "./tinker-policy.ts";
export type { PassPlan, Prices, TokenUsage } from "./training/usage.ts";
export { estimateUsage, usageCost } from "./training/usage.ts";

/** The remote engine, as a trainer's config names it: `policy: "@fovea-rl/policy-tinker"`. */
export default definePolicy({
  name: "tinker",
  optionsSchema: policyOptionsSchema,
  create: (options, context) => TinkerPolicy.create(options, context),
});
