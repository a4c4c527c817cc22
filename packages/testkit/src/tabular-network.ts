import * as tf from "@tensorflow/tfjs-core";
import { tabularVocabulary } from "./tabular-vocabulary.ts";

const V = tabularVocabulary.length;

/** Rows of the weight matrix: one a previous token, and one a previous token and quadrant. */
export const FEATURES = V * 5;

/**
 * Features of each position, `[positions, FEATURES]`: a one-hot previous token, and its product with the four intensities, so that
 * what the image says may matter after some tokens only.
 *
 * @param intensities one entry a position
 */
export function tabularFeatures(previous: readonly number[], intensities: readonly Float32Array[]): tf.Tensor2D {
  const values = new Float32Array(previous.length * FEATURES);
  previous.forEach((token, position) => {
    const row = position * FEATURES;
    values[row + token] = 1;
    for (let quadrant = 0; quadrant < 4; quadrant++) {
      values[row + V * (1 + quadrant) + token] = intensities[position]![quadrant]!;
    }
  });
  return tf.tensor2d(values, [previous.length, FEATURES]);
}

/** Natural log-probabilities of every token, `[positions, V]`, at a temperature. */
export function tabularLogprobs(features: tf.Tensor2D, weights: tf.Tensor2D, temperature: number): tf.Tensor2D {
  return tf.logSoftmax(tf.div(tf.matMul(features, weights), temperature)) as tf.Tensor2D;
}
