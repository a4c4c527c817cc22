import type { SamplingOptions } from "@fovea-rl/core";

/** A drawn token with what the training distribution says of it. */
export interface DrawnToken {
  readonly token: number;
  /** Natural log-probability at the training temperature, before truncation. */
  readonly logprob: number;
  /** Entropy of that distribution, in nats. */
  readonly entropy: number;
}

/** Ids of the tokens that top-k and top-p keep, most probable first; ties go to the lower id. */
function keptTokens(probabilities: Float64Array, { topK, topP }: SamplingOptions): Int32Array {
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

/** Unnormalised probabilities `exp(logits / temperature)`, scaled so that the largest is 1. */
function exponentials(logits: Float32Array, temperature: number, largest: number): Float64Array {
  const weights = new Float64Array(logits.length);
  for (let token = 0; token < logits.length; token++)
    weights[token] = Math.exp((logits[token]! - largest) / temperature);
  return weights;
}

/**
 * Draws one token. Sums are in float64, so the draw does not depend on what else the backend computed in the same batch beyond
 * the rounding of the logits themselves.
 *
 * @param logits `[vocabulary]`
 * @param uniform the random number in [0, 1) that decides; unused when the temperature is 0.
 */
export function drawToken(
  logits: Float32Array,
  sampling: SamplingOptions,
  trainingTemperature: number,
  uniform: number,
): DrawnToken {
  let best = 0;
  for (let token = 1; token < logits.length; token++) if (logits[token]! > logits[best]!) best = token;
  const largest = logits[best]!;
  const training = exponentials(logits, trainingTemperature, largest);
  let total = 0;
  let weightedLogits = 0;
  for (let token = 0; token < training.length; token++) {
    total += training[token]!;
    weightedLogits += training[token]! * ((logits[token]! - largest) / trainingTemperature);
  }
  const logNormaliser = Math.log(total);
  const token = chooseToken(logits, training, best, sampling, trainingTemperature, uniform);
  return {
    token,
    logprob: (logits[token]! - largest) / trainingTemperature - logNormaliser,
    entropy: Math.max(0, logNormaliser - weightedLogits / total),
  };
}

function chooseToken(
  logits: Float32Array,
  training: Float64Array,
  best: number,
  sampling: SamplingOptions,
  trainingTemperature: number,
  uniform: number,
): number {
  const { temperature, topK, topP } = sampling;
  if (temperature === 0) return best;
  const weights = temperature === trainingTemperature ? training : exponentials(logits, temperature, logits[best]!);
  const kept = topK > 0 || topP < 1 ? keptTokens(weights, sampling) : undefined;
  const count = kept?.length ?? weights.length;
  let total = 0;
  for (let rank = 0; rank < count; rank++) total += weights[kept?.[rank] ?? rank]!;
  let remaining = uniform * total;
  let last = best;
  for (let rank = 0; rank < count; rank++) {
    const token = kept?.[rank] ?? rank;
    if (weights[token] === 0) continue;
    remaining -= weights[token]!;
    last = token;
    if (remaining < 0) break;
  }
  // Rounding can leave a remainder of nothing: then it is the last token that can be drawn at all.
  return last;
}
