import type { Capability } from "@fovea-rl/core";
import { z } from "zod";
import { perturbationOptionsSchema } from "./perturbation-options.ts";
import { DEPENDENCY_ESTIMATORS } from "./visual-dependency.ts";

/** How visual dependency is measured; the defaults are VPPO's. */
export const perceptionOptionsSchema = z.strictObject({
  estimator: z
    .enum(DEPENDENCY_ESTIMATORS)
    .default("k3")
    .describe(
      "How the change of a token's distribution is measured; all but k3 need the engine's whole distributions.",
    ),
  perturbation: perturbationOptionsSchema
    .prefault("patch-black")
    .describe(
      "How the image is degraded: patch-black, gaussian-noise, gaussian-blur or grey, by name or with settings.",
    ),
  sharing: z
    .enum(["rollout", "prompt"])
    .default("rollout")
    .describe(
      "A fresh perturbed image for each rollout, or one for all rollouts of a prompt, whose prefix is then shared.",
    ),
});

export type PerceptionOptions = z.output<typeof perceptionOptionsSchema>;

/** What the engine must be able to do for a probe with these options. */
export function perceptionRequirements({ estimator }: PerceptionOptions): readonly Capability[] {
  return estimator === "k3" ? ["images"] : ["images", "distributions"];
}
