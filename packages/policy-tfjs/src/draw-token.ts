import type { SamplingOptions } from "@fovea-rl/core";
import type { TokenDistribution, TokenLogits } from "./token-distribution.ts";

/** A drawn token with what the training distribution says of it. */
export interface DrawnToken {
  readonly token: number;
  /** Natural log-probability at the training temperature, before truncation. */
  readonly logprob: number;
  /** Entropy of that distribution, in nats. */
  readonly entropy: number;
}

/** Ids of the tokens that top-k and top-p keep, most probable first; ties go to the lower id. */
function keptTokens(probabilities: Float32Array | Float64Array, { topK, topP }: SamplingOptions): Int32Array {
  const order = Int32Array.from(probabilities.keys()).sort(
    (left, right) => probabilities[right]! - probabilities[left]! || left - right,
  );
  const limit = topK > 0 ? Math.min(topK, order.length) : order.length;
  // Top-p counts the probability of what top-k has kept (the order in which transformers and vLLM apply them).
  let total = 0;
  for (let rank = 0; rank < limit; rank++) total += probabilities[order[rank]!]!;
  let mass = 0;
  for (let rank = 0; rank < limit; rank++) {
    mass += probabilities[order[rank]!]!;
    if (mass >= topP * total) return order.subarray(0, rank + 1);
  }
  return order.subarray(0, limit);
}

/**
 * Draws one token. Sums are in float64, so the draw does not depend on what else the backend computed in the same batch beyond
 * the rounding of the logits themselves.
 *
 * @param uniform the random number in [0, 1) that decides; unused when the temperature is 0.
 */
export function drawToken(
  logits: TokenLogits,
  sampling: SamplingOptions,
  trainingTemperature: number,
  uniform: number,
): DrawnToken {
  const { values, best } = logits;
  const training = logits.distribution(trainingTemperature);
  const logNormaliser = Math.log(training.total);
  const token = chooseToken(logits, training, sampling, trainingTemperature, uniform);
  return {
    token,
    logprob: (values[token]! - values[best]!) / trainingTemperature - logNormaliser,
    entropy: Math.max(0, logNormaliser - training.weightedLogits / training.total),
  };
}

function chooseToken(
  logits: TokenLogits,
  training: TokenDistribution,
  sampling: SamplingOptions,
  trainingTemperature: number,
  uniform: number,
): number {
  const { temperature, topK, topP } = sampling;
  if (temperature === 0) return logits.best;
  const { weights, total } = temperature === trainingTemperature ? training : logits.distribution(temperature);
  if (topK === 0 && topP >= 1) return drawByWeight(weights, total, uniform, logits.best);
  const kept = keptTokens(weights, sampling);
  const keptWeights = Float64Array.from(kept, (token) => weights[token]!);
  const keptTotal = keptWeights.reduce((sum, weight) => sum + weight, 0);
  return kept[drawByWeight(keptWeights, keptTotal, uniform, 0)]!;
}

/** @returns the index that `uniform` falls on; rounding can leave a remainder of nothing: then the last that can be drawn at all. */
function drawByWeight(weights: Float32Array | Float64Array, total: number, uniform: number, fallback: number): number {
  let remaining = uniform * total;
  let last = fallback;
  for (let index = 0; index < weights.length; index++) {
    if (weights[index] === 0) continue;
    remaining -= weights[index]!;
    last = index;
    if (remaining < 0) break;
  }
  return last;
}
