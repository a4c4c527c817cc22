import { dapoOptionsSchema } from "@fovea-rl/algo-dapo";
import { type GrpoOptions, grpoOptionsSchema } from "@fovea-rl/algo-grpo";
import { perceptionOptionsSchema } from "@fovea-rl/perception";
import { z } from "zod";

const dapoBase = dapoOptionsSchema.omit({ entropyPenalty: true }).extend({
  algorithm: z.literal("dapo"),
  dualClip: dapoOptionsSchema.shape.dualClip.unwrap().default(3).describe("As of DAPO; VPPO's authors ran 3."),
});
const grpoBase = grpoOptionsSchema.omit({ entropyPenalty: true }).extend({ algorithm: z.literal("grpo") });

/** A name, or settings with the name; DAPO where no name is given. */
function nameBase(value: unknown): unknown {
  if (typeof value === "string") return { algorithm: value };
  return typeof value === "object" && value !== null && !("algorithm" in value)
    ? { algorithm: "dapo", ...value }
    : value;
}

export const shapingOptionsSchema = z.strictObject({
  betaMin: z.number().min(0).max(1).default(0.9).describe("Factor of the rollout that looks least."),
  betaMax: z
    .union([z.literal("dynamic"), z.number().min(0)])
    .default("dynamic")
    .describe("Factor of the rollout that looks most; dynamic: such that the mean factor is 1."),
  scope: z
    .enum(["mini-batch", "batch", "group"])
    .default("mini-batch")
    .describe(
      "The rollouts among which least and most are found; mini-batch is the optimiser's, never a memory-sized slice.",
    ),
  target: z
    .enum(["advantage", "reward"])
    .default("advantage")
    .describe("What the factor multiplies; the reward is shaped before the base algorithm compares a group."),
});
export type ShapingOptions = z.output<typeof shapingOptionsSchema>;

export const filteringOptionsSchema = z.strictObject({
  fraction: z.number().gt(0).max(1).default(0.4).describe("k: the share of a rollout's tokens that learn."),
  selection: z
    .enum(["dependency", "entropy", "random"])
    .default("dependency")
    .describe("What the learning tokens are chosen by."),
  mask: z
    .enum(["hard", "soft"])
    .default("hard")
    .describe("hard: ceil(k T) tokens learn, the others not; soft: all learn with sigmoid weights whose mean is k."),
});
export type FilteringOptions = z.output<typeof filteringOptionsSchema>;

/** VPPO's options; the defaults are the paper's (Huang et al. 2025, arXiv 2510.09285). */
export const vppoOptionsSchema = z.strictObject({
  base: z
    .preprocess(nameBase, z.discriminatedUnion("algorithm", [dapoBase, grpoBase]))
    .prefault("dapo")
    .describe('The algorithm underneath: "dapo", "grpo", or its options with `algorithm` naming it.'),
  perception: perceptionOptionsSchema.prefault({}).describe("How visual dependency is measured."),
  shaping: z
    .union([z.literal(false), shapingOptionsSchema])
    .prefault({})
    .describe("Trajectory-level advantage shaping (TAS); false for filtering only."),
  filtering: z
    .union([z.literal(false), filteringOptionsSchema])
    .prefault({})
    .describe("Token-level gradient filtering (TGF); false for shaping only."),
  entropyPenalty: z
    .number()
    .min(0)
    .default(0.06)
    .describe("Weight of the sampled tokens' mean negative log-likelihood, never filtered."),
});
export type VppoOptions = z.output<typeof vppoOptionsSchema>;

/** Whether any part of VPPO that is switched on needs the extra pass. */
export function measuresDependency({ shaping, filtering }: VppoOptions): boolean {
  return shaping !== false || (filtering !== false && filtering.selection === "dependency");
}

/** The options of a GRPO base as GRPO's own. */
export function grpoBaseOptions(
  { entropyPenalty }: Pick<VppoOptions, "entropyPenalty">,
  base: Extract<VppoOptions["base"], { algorithm: "grpo" }>,
): GrpoOptions {
  const { algorithm: _, ...settings } = base;
  return { ...settings, entropyPenalty };
}
