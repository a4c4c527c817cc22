import { FoveaError } from "@fovea-rl/core";
import { z } from "zod";

/** Tokens by what was done with them: what servers bill by. */
export interface TokenUsage {
  /** Prompt tokens read by the sampler. */
  readonly prefilled: number;
  readonly sampled: number;
  /** Read by a forward pass without a gradient, prompts included. */
  readonly scored: number;
  /** Read by a forward and backward pass, prompts included. */
  readonly trained: number;
}

/** Per million tokens, in any currency. A server of one's own has none. */
export const pricesSchema = z.strictObject({
  prefilled: z.number().nonnegative(),
  sampled: z.number().nonnegative(),
  scored: z.number().nonnegative(),
  trained: z.number().nonnegative(),
});
export type Prices = z.output<typeof pricesSchema>;

export const NO_USAGE: TokenUsage = { prefilled: 0, sampled: 0, scored: 0, trained: 0 };

export function addUsage(left: TokenUsage, right: Partial<TokenUsage>): TokenUsage {
  return {
    prefilled: left.prefilled + (right.prefilled ?? 0),
    sampled: left.sampled + (right.sampled ?? 0),
    scored: left.scored + (right.scored ?? 0),
    trained: left.trained + (right.trained ?? 0),
  };
}

export function usageCost(usage: TokenUsage, prices: Prices): number {
  return (
    (usage.prefilled * prices.prefilled +
      usage.sampled * prices.sampled +
      usage.scored * prices.scored +
      usage.trained * prices.trained) /
    1e6
  );
}

/** The size of a run, for an estimate before it. */
export interface RunSize {
  readonly updates: number;
  readonly promptsPerUpdate: number;
  readonly samplesPerPrompt: number;
  /** Mean tokens of a prompt, its images included. */
  readonly promptTokens: number;
  /** Mean tokens of a response. */
  readonly responseTokens: number;
  /** Scoring passes an update besides the loss's own: VPPO's perturbed images 2, a reference policy 1. */
  readonly extraScoringPasses?: number;
  /** Whether the loss has a built-in form on the server: then it needs no forward pass of its own. */
  readonly usesBuiltInLoss?: boolean;
  /** Sampled groups for each one kept (DAPO's dynamic sampling); 1 keeps all. */
  readonly samplingFactor?: number;
}

/** Tokens that a run will use, by arithmetic: no server is asked. */
export function estimateUsage(size: RunSize): TokenUsage {
  for (const [name, value] of Object.entries(size)) {
    if (typeof value === "number" && !(value >= 0))
      throw new FoveaError(`${name} is ${value}; it must not be negative`);
  }
  const { updates, promptsPerUpdate, samplesPerPrompt, promptTokens, responseTokens } = size;
  const { extraScoringPasses = 0, usesBuiltInLoss = false, samplingFactor = 1 } = size;
  const rollouts = updates * promptsPerUpdate * samplesPerPrompt;
  const passTokens = rollouts * (promptTokens + responseTokens);
  return {
    prefilled: updates * promptsPerUpdate * samplingFactor * promptTokens,
    sampled: rollouts * samplingFactor * responseTokens,
    scored: passTokens * (extraScoringPasses + (usesBuiltInLoss ? 0 : 1)),
    trained: passTokens,
  };
}
