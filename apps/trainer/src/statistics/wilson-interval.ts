/** Two-sided 95 % quantile of the standard normal distribution. */
const Z = 1.959963984540054;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * 95 % score interval of a proportion (Wilson 1927), which stays within 0 and 1 and works near both.
 *
 * @param successes may be fractional, when accuracies are.
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const proportion = successes / trials;
  const denominator = 1 + Z ** 2 / trials;
  const centre = (proportion + Z ** 2 / (2 * trials)) / denominator;
  const half = (Z / denominator) * Math.sqrt((proportion * (1 - proportion)) / trials + Z ** 2 / (4 * trials ** 2));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
