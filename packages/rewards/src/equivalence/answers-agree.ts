import { withBudget } from "../budget.ts";
import { equivalent } from "./equivalent.ts";
import { defaultEquivalence, type EquivalenceSettings, type Rule } from "./settings.ts";

/**
 * The rule by which two answers, without anything around them, are the same; undefined when they are not. Bounded like
 * every verdict: answers too intricate to compare in time are not the same.
 */
export function answersAgree(reference: string, response: string, settings: Partial<EquivalenceSettings> = {}): Rule {
  return withBudget<Rule>(
    { steps: 20_000 },
    () => equivalent(reference, response, { ...defaultEquivalence, ...settings }),
    () => undefined,
  );
}
