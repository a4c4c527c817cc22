/** What softmax(logits / temperature) is made of, for one token to be drawn. */
export interface TokenDistribution {
  /** `[vocabulary]` exp((logit - largest logit) / temperature). */
  readonly weights: Float32Array | Float64Array;
  /** Their sum. */
  readonly total: number;
  /** Sum of weight * (logit - largest logit) / temperature. */
  readonly weightedLogits: number;
}

/** Logits of the next token. */
export interface TokenLogits {
  /** `[vocabulary]` */
  readonly values: Float32Array;
  /** The token with the largest, the lowest id of several. */
  readonly best: number;
  distribution(temperature: number): TokenDistribution;
}

/** Logits whose distributions are computed here, in float64. */
export function tokenLogits(values: Float32Array): TokenLogits {
  let best = 0;
  for (let token = 1; token < values.length; token++) if (values[token]! > values[best]!) best = token;
  const largest = values[best]!;
  return {
    values,
    best,
    distribution: (temperature) => {
      const weights = new Float64Array(values.length);
      let total = 0;
      let weightedLogits = 0;
      for (let token = 0; token < values.length; token++) {
        const scaled = (values[token]! - largest) / temperature;
        const weight = Math.exp(scaled);
        weights[token] = weight;
        total += weight;
        weightedLogits += weight * scaled;
      }
      return { weights, total, weightedLogits };
    },
  };
}
