import { z } from "zod";

/** Losses that servers evaluate by themselves; all of them are sums over tokens. */
export const LOSS_FUNCTIONS = ["cross_entropy", "importance_sampling", "ppo", "cispo"] as const;
export type LossFunction = (typeof LOSS_FUNCTIONS)[number];

/**
 * Bounds of the importance ratio of `ppo` and `cispo`: ratios themselves, not distances from 1. Servers default to 0.8 and 1.2.
 */
export const clipThresholdsSchema = z.strictObject({
  clip_low_threshold: z.number().optional(),
  clip_high_threshold: z.number().optional(),
});
export type ClipThresholds = z.output<typeof clipThresholdsSchema>;

/** The loss inputs that each function reads besides `target_tokens`. */
export const LOSS_INPUTS: Readonly<Record<LossFunction, readonly string[]>> = {
  cross_entropy: ["weights"],
  importance_sampling: ["logprobs", "advantages"],
  ppo: ["logprobs", "advantages"],
  cispo: ["logprobs", "advantages"],
};
