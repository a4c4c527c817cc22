import type { FilteringOptions } from "./vppo-options.ts";

/**
 * How much each token of a rollout learns, VPPO eq. 6.
 *
 * @param scores `[T]` what tokens are chosen by, e.g. visual dependency.
 * @returns `[T]` 0 to 1.
 */
export function tokenWeights(
  scores: ArrayLike<number>,
  { fraction, mask }: Pick<FilteringOptions, "fraction" | "mask">,
): Float32Array {
  return mask === "hard" ? topTokenMask(scores, fraction) : softTokenMask(scores, fraction);
}

/** 1 for the ceil(fraction T) tokens of highest score, the earlier first among equals; 0 for the others. */
export function topTokenMask(scores: ArrayLike<number>, fraction: number): Float32Array {
  // 0.4 * 5 is 2.0000000000000004 in floating point, and its ceiling must be 2.
  const count = Math.ceil(fraction * scores.length - 1e-12);
  const order = Array.from(scores, (_, token) => token).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const mask = new Float32Array(scores.length);
  for (const token of order.slice(0, count)) mask[token] = 1;
  return mask;
}

/** sigmoid(z_t - c), z the z-score of a token within the rollout, with the c that makes the mean weight `fraction`. */
export function softTokenMask(scores: ArrayLike<number>, fraction: number): Float32Array {
  if (fraction >= 1) return new Float32Array(scores.length).fill(1);
  const values = Float64Array.from(scores);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  const zScores = values.map((value) => (deviation > 0 ? (value - mean) / deviation : 0));
  const weightsAt = (threshold: number) => zScores.map((z) => 1 / (1 + Math.exp(threshold - z)));
  // At z_min - logit(k) every weight is at least k, at z_max - logit(k) at most k: the answer lies between.
  const logit = Math.log(fraction / (1 - fraction));
  let low = zScores.reduce((least, z) => Math.min(least, z), Number.POSITIVE_INFINITY) - logit;
  let high = zScores.reduce((most, z) => Math.max(most, z), Number.NEGATIVE_INFINITY) - logit;
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    const meanWeight = weightsAt(middle).reduce((sum, weight) => sum + weight, 0) / values.length;
    if (meanWeight > fraction) low = middle;
    else high = middle;
  }
  return Float32Array.from(weightsAt((low + high) / 2));
}
