import type { Loss } from "./loss.ts";

/** What an engine's work amounts to, by its own kinds of work (`tokens-sampled`, ..., and `cost` where it knows prices). */
export type Usage = Readonly<Record<string, number>>;

/** Forward passes over an update's rollouts that an Advantage asks for, besides what the loss takes. */
export interface ExtraPasses {
  /** Under the policy being trained: VPPO's perturbed images are one. */
  readonly current: number;
  /** Under the reference policy: a KL penalty is one. */
  readonly reference: number;
}

/** The work ahead of a run, for an engine's estimate before it starts. */
export interface WorkAhead {
  readonly updates: number;
  readonly promptsPerUpdate: number;
  readonly rolloutsPerPrompt: number;
  /** Mean tokens of a prompt, its images included. */
  readonly promptTokens: number;
  /** Tokens that every response is counted as. */
  readonly responseTokens: number;
  /** Groups sampled for each one kept: above 1 where a filter refuses some. */
  readonly samplingFactor: number;
  readonly extraPasses: ExtraPasses;
  /** Held-out prompts that are answered once each, all evaluations together. */
  readonly evaluationPrompts: number;
  readonly loss: Loss;
}
