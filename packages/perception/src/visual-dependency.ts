import { FoveaError } from "@fovea-rl/core";

/**
 * Estimators of a token's visual dependency, VPPO eq. 3: S_t = KL(pi(.|I, s_t) || pi(.|I', s_t)), nats.
 * `k3` needs the log-probability of the sampled token alone; the others the distributions over the whole vocabulary.
 */
export const DEPENDENCY_ESTIMATORS = ["k3", "kl", "jsd", "top1-drop"] as const;
export type DependencyEstimator = (typeof DEPENDENCY_ESTIMATORS)[number];

const LARGEST_LOG_RATIO = 20;
const LARGEST_K3 = 10;

/**
 * Schulman's k3 of the sampled tokens: clamp(e^d - d - 1, 0, 10) with d = log p(o_t | I') - log p(o_t | I).
 *
 * @param logprobs `[T]` behind the image.
 * @param perturbedLogprobs `[T]` of the same tokens behind the perturbed image.
 * @returns `[T]`
 */
export function k3Dependency(logprobs: ArrayLike<number>, perturbedLogprobs: ArrayLike<number>): Float64Array {
  requireEqualLength(logprobs, perturbedLogprobs);
  return Float64Array.from(logprobs, (logprob, token) => {
    const d = Math.min(Math.max(perturbedLogprobs[token]! - logprob, -LARGEST_LOG_RATIO), LARGEST_LOG_RATIO);
    // expm1 keeps the digits that e^d - 1 loses for the many tokens that hardly look.
    return Math.min(Math.max(Math.expm1(d) - d, 0), LARGEST_K3);
  });
}

/**
 * One of the estimators over whole distributions: `kl` = KL(p || q); `jsd`, the Jensen-Shannon divergence, at most log 2;
 * `top1-drop` = max(0, p(a) - q(a)) for the most probable token a behind the image.
 *
 * @param distributions `[T, vocabularySize]` row-major log p of every token behind the image.
 * @param perturbedDistributions the same behind the perturbed image, log q.
 * @returns `[T]`
 */
export function distributionDependency(
  estimator: Exclude<DependencyEstimator, "k3">,
  distributions: ArrayLike<number>,
  perturbedDistributions: ArrayLike<number>,
  vocabularySize: number,
): Float64Array {
  requireEqualLength(distributions, perturbedDistributions);
  const tokens = distributions.length / vocabularySize;
  if (!Number.isInteger(tokens)) {
    throw new FoveaError(`${distributions.length} values are not whole rows of a vocabulary of ${vocabularySize}`);
  }
  const measure = { kl: klDivergence, jsd: jensenShannonDivergence, "top1-drop": topOneDrop }[estimator];
  return Float64Array.from({ length: tokens }, (_, token) => {
    const start = token * vocabularySize;
    return Math.max(0, measure(distributions, perturbedDistributions, start, start + vocabularySize));
  });
}

type Divergence = (p: ArrayLike<number>, q: ArrayLike<number>, start: number, end: number) => number;

const klDivergence: Divergence = (p, q, start, end) => {
  let sum = 0;
  for (let index = start; index < end; index++) {
    const probability = Math.exp(p[index]!);
    if (probability > 0) sum += probability * (p[index]! - q[index]!);
  }
  return sum;
};

const jensenShannonDivergence: Divergence = (p, q, start, end) => {
  let sum = 0;
  for (let index = start; index < end; index++) {
    const left = Math.exp(p[index]!);
    const right = Math.exp(q[index]!);
    const logMean = Math.log((left + right) / 2);
    if (left > 0) sum += 0.5 * left * (p[index]! - logMean);
    if (right > 0) sum += 0.5 * right * (q[index]! - logMean);
  }
  return sum;
};

const topOneDrop: Divergence = (p, q, start, end) => {
  let top = start;
  for (let index = start + 1; index < end; index++) if (p[index]! > p[top]!) top = index;
  return Math.exp(p[top]!) - Math.exp(q[top]!);
};

function requireEqualLength(values: ArrayLike<number>, perturbed: ArrayLike<number>): void {
  if (values.length !== perturbed.length) {
    throw new FoveaError(`${values.length} values behind the image, but ${perturbed.length} behind the perturbed one`);
  }
}
