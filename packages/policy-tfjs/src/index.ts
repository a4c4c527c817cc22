import { definePolicy } from "@fovea-rl/core";
import { policyOptionsSchema } from "./policy-options.ts";
import { TfjsPolicy } from "./tfjs-policy.ts";

export type { BackendAvailability, BackendName } from "./backend.ts";
export { backendAvailability } from "./backend.ts";
export type { TfjsPolicyOptions } from "./policy-options.ts";
export { policyOptionsSchema } from "./policy-options.ts";
export { TfjsPolicy } from "./tfjs-policy.ts";

/** The embedded engine, as a trainer's config names it: `policy: "@fovea-rl/policy-tfjs"`. */
export default definePolicy({
  name: "tfjs",
  optionsSchema: policyOptionsSchema,
  create: (options, context) => TfjsPolicy.create(options, context),
});
