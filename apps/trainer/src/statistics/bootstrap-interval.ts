import { randomGenerator } from "@fovea-rl/core";
import type { Interval } from "./wilson-interval.ts";

/** 95 % percentile bootstrap interval of a mean (Efron 1979), from a seed. */
export function bootstrapInterval(values: readonly number[], seed: number, resamples = 2000): Interval {
  const random = randomGenerator({ seed, purpose: "bootstrap" });
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let draw = 0; draw < values.length; draw++) sum += values[random.integer(values.length)]!;
    return sum / values.length;
  }).sort();
  return { low: means[Math.floor(0.025 * resamples)]!, high: means[Math.ceil(0.975 * resamples) - 1]! };
}
