import type { Verdict } from "./verifier.ts";

/** One verifier's say in a rollout's reward. */
export interface WeightedVerdict {
  /** The verifier's name. */
  readonly name: string;
  readonly weight: number;
  readonly verdict: Verdict;
}

/**
 * Several verifiers' verdicts on one rollout as one. The reward is the weighted sum of theirs. Components keep their names;
 * where two verifiers report the same name, the first keeps it and the later one's becomes `verifier/component`, so that
 * `accuracy` always means that of the verifier listed first. What was extracted is the first verdict's that extracted anything.
 */
export function combineVerdicts(parts: readonly WeightedVerdict[]): Verdict {
  let reward = 0;
  const components: Record<string, number> = {};
  const reasons: string[] = [];
  for (const { name, weight, verdict } of parts) {
    reward += weight * verdict.reward;
    for (const [component, value] of Object.entries(verdict.components)) {
      components[Object.hasOwn(components, component) ? `${name}/${component}` : component] = value;
    }
    if (verdict.reason !== undefined) reasons.push(parts.length > 1 ? `${name}: ${verdict.reason}` : verdict.reason);
  }
  const extracted = parts.find(({ verdict }) => verdict.extracted !== undefined)?.verdict.extracted;
  return {
    reward,
    components,
    ...(extracted === undefined ? {} : { extracted }),
    ...(reasons.length === 0 ? {} : { reason: reasons.join("; ") }),
  };
}
