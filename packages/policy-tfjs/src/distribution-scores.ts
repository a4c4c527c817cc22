import type { ScoreOptions, TokenScores } from "@fovea-rl/core";

/**
 * A response's scores out of the whole vocabulary's log-probabilities.
 *
 * @param distributions `[tokens, vocabulary]`
 */
export function scoresOfDistributions(
  distributions: Float32Array,
  tokens: Int32Array,
  vocabulary: number,
  options: ScoreOptions,
): TokenScores {
  const logprobs = Float32Array.from(tokens, (token, place) => distributions[place * vocabulary + token]!);
  const entropies = new Float32Array(tokens.length);
  for (let place = 0; place < tokens.length; place++) {
    let entropy = 0;
    for (let token = 0; token < vocabulary; token++) {
      const logprob = distributions[place * vocabulary + token]!;
      entropy -= Math.exp(logprob) * logprob;
    }
    entropies[place] = entropy;
  }
  return {
    logprobs,
    ...(options.entropies === true ? { entropies } : {}),
    ...(options.distributions === true ? { distributions } : {}),
  };
}
