import type { Usage } from "@fovea-rl/core";
import type { Configuration } from "../configuration/configuration.ts";
import type { UsageEstimate } from "./estimate-usage.ts";

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** `tokens-sampled 1.2M, ..., cost 3.4` */
export function describeUsage(usage: Usage): string {
  return Object.entries(usage)
    .map(([name, amount]) => `${name} ${compact.format(amount)}`)
    .join(", ");
}

/** An estimate in a sentence or two, with what it rests on. */
export function describeEstimate(
  { expected, most }: UsageEstimate,
  { training, sampling }: Configuration,
  step: number,
): string {
  const more = Object.fromEntries(Object.entries(most).filter(([name, amount]) => amount > expected[name]!));
  const filtered =
    Object.keys(more).length === 0 ? "" : `; up to ${describeUsage(more)} if the algorithm's filter refuses all it may`;
  return `estimate for ${training.updates - step} updates with responses of ${sampling.maximumTokens} tokens, the longest allowed: ${describeUsage(expected)}${filtered}`;
}
