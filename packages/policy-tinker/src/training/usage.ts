import { FoveaError, type Usage, type WorkAhead } from "@fovea-rl/core";
import { z } from "zod";
import type { PromptedResponse } from "./build-datum.ts";

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

const NO_USAGE: TokenUsage = { prefilled: 0, sampled: 0, scored: 0, trained: 0 };

/** Counts what was used. */
export class UsageMeter {
  #total = NO_USAGE;

  get total(): TokenUsage {
    return this.#total;
  }

  add({ prefilled = 0, sampled = 0, scored = 0, trained = 0 }: Partial<TokenUsage>): void {
    const { total } = this;
    this.#total = {
      prefilled: total.prefilled + prefilled,
      sampled: total.sampled + sampled,
      scored: total.scored + scored,
      trained: total.trained + trained,
    };
  }

  /** Goes on from a checkpoint's totals. */
  restore(total: TokenUsage): void {
    this.#total = total;
  }
}

/** Tokens that a pass over responses reads: their prompts, and all but their last token. */
export function passTokens(responses: readonly PromptedResponse[]): number {
  return responses.reduce((sum, { prompt, tokens }) => sum + prompt.tokens.length + tokens.length - 1, 0);
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

/** As the trainer records it, with its price where prices are known. */
export function usageRecord(usage: TokenUsage, prices: Prices | undefined): Usage {
  return {
    "tokens-prefilled": usage.prefilled,
    "tokens-sampled": usage.sampled,
    "tokens-scored": usage.scored,
    "tokens-trained": usage.trained,
    ...(prices === undefined ? {} : { cost: usageCost(usage, prices) }),
  };
}

/** What of the engine decides how many passes there are. */
export interface PassPlan {
  /** Whether the loss has a built-in form on the server: then it needs no forward pass of its own. */
  readonly usesBuiltInLoss: boolean;
  /** Whether sampled rollouts are scored once more for their behaviour log-probabilities. */
  readonly rescoresSamples: boolean;
}

/** Tokens that so much work uses, by arithmetic: no server is asked. */
export function estimateUsage(work: Omit<WorkAhead, "loss">, plan: PassPlan): TokenUsage {
  const { extraPasses, ...sizes } = work;
  for (const [name, value] of Object.entries({ ...sizes, ...extraPasses })) {
    if (!(value >= 0)) throw new FoveaError(`${name} is ${value}; it must not be negative`);
  }
  const { updates, promptsPerUpdate, rolloutsPerPrompt, promptTokens, responseTokens, samplingFactor } = work;
  const prompts = updates * promptsPerUpdate;
  const rollouts = prompts * rolloutsPerPrompt;
  const answers = rollouts * samplingFactor + work.evaluationPrompts;
  const tokensOfPass = promptTokens + responseTokens - 1;
  const lossPasses = plan.usesBuiltInLoss ? 0 : 1;
  return {
    // A reference policy is asked as a sampler, whose prompts are the rollouts.
    prefilled:
      (prompts * samplingFactor + work.evaluationPrompts) * promptTokens +
      rollouts * extraPasses.reference * tokensOfPass,
    sampled: answers * responseTokens,
    scored: (rollouts * (extraPasses.current + lossPasses) + (plan.rescoresSamples ? answers : 0)) * tokensOfPass,
    trained: rollouts * tokensOfPass,
  };
}
