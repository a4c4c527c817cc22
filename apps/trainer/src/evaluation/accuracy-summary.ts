import { bootstrapInterval } from "../statistics/bootstrap-interval.ts";
import { wilsonInterval } from "../statistics/wilson-interval.ts";
import type { EvaluationAnswer } from "./evaluate-policy.ts";

export interface AccuracySummary {
  readonly accuracy: number;
  /** 95 % interval. */
  readonly low: number;
  readonly high: number;
  readonly prompts: number;
  readonly responseLength: number;
}

/** Accuracy of answers: Wilson's interval for one answer a prompt, a bootstrap over prompts for several. */
export function summariseAccuracy(answers: readonly EvaluationAnswer[], seed: number): AccuracySummary {
  const byPrompt = new Map<string, number[]>();
  for (const { promptId, accuracy } of answers) {
    byPrompt.set(promptId, [...(byPrompt.get(promptId) ?? []), accuracy]);
  }
  const means = [...byPrompt.values()].map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const total = means.reduce((sum, value) => sum + value, 0);
  const isSingle = answers.length === means.length;
  const interval = isSingle ? wilsonInterval(total, means.length) : bootstrapInterval(means, seed);
  return {
    accuracy: total / means.length,
    ...interval,
    prompts: means.length,
    responseLength: answers.reduce((sum, { responseLength }) => sum + responseLength, 0) / answers.length,
  };
}
