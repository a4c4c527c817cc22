import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";
import { sumRows, timesTransposed, transposedTimes } from "./matrix-product.ts";

/**
 * The Llama feed-forward (SwiGLU, Shazeer 2020): `(silu(x · gate) * (x · up)) · down` for x `[rows, n]`, gate and up `[n, m]`,
 * down `[m, n]`. One operation, so that its gradient transposes x once and keeps two activations rather than six.
 */
export function swigluFeedForward(x: tf.Tensor2D, gate: tf.Tensor2D, up: tf.Tensor2D, down: tf.Tensor2D): tf.Tensor2D {
  return differentiable(
    [x, gate, up, down],
    () => {
      const gated = tf.matMul(x, gate) as tf.Tensor2D;
      const raised = tf.matMul(x, up) as tf.Tensor2D;
      const hidden = tf.mul(tf.mul(gated, tf.sigmoid(gated)), raised) as tf.Tensor2D;
      return { value: tf.matMul(hidden, down) as tf.Tensor2D, saved: [x, gated, raised, gate, up, down] as const };
    },
    (gradient, [x, gated, raised, gate, up, down]) => {
      const sigmoid = tf.sigmoid(gated);
      const silu = tf.mul(gated, sigmoid);
      const hiddenGradient = timesTransposed(gradient, down);
      // silu'(z) = sigmoid(z) + silu(z) (1 - sigmoid(z))
      const slope = tf.add(sigmoid, tf.mul(silu, tf.sub(1, sigmoid)));
      const gatedGradient = tf.mul(tf.mul(hiddenGradient, raised), slope) as tf.Tensor2D;
      const raisedGradient = tf.mul(hiddenGradient, silu) as tf.Tensor2D;
      return [
        tf.add(timesTransposed(gatedGradient, gate), timesTransposed(raisedGradient, up)),
        transposedTimes(x, gatedGradient),
        transposedTimes(x, raisedGradient),
        transposedTimes(tf.mul(silu, raised) as tf.Tensor2D, gradient),
      ];
    },
  );
}

const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

/** `2 sigmoid(sqrt(8/pi) (z + 0.044715 z³)) - 1 = tanh(...)`; through the sigmoid because wasm computes tanh six times slower. */
function geluGate(z: tf.Tensor): tf.Tensor {
  return tf.sigmoid(tf.mul(tf.mul(z, tf.add(tf.mul(tf.square(z), GELU_CUBIC), 1)), 2 * GELU_SCALE));
}

/**
 * The vision tower's feed-forward: `gelu(x · expand + expandBias) · contract + contractBias`, with the tanh approximation of
 * GELU (Hendrycks and Gimpel 2016), z (1 + tanh(u)) / 2 = z sigmoid(2u).
 */
export function geluFeedForward(
  x: tf.Tensor2D,
  expand: tf.Tensor2D,
  expandBias: tf.Tensor1D,
  contract: tf.Tensor2D,
  contractBias: tf.Tensor1D,
): tf.Tensor2D {
  return differentiable(
    [x, expand, expandBias, contract, contractBias],
    () => {
      const expanded = tf.add(tf.matMul(x, expand), expandBias) as tf.Tensor2D;
      const activated = tf.mul(expanded, geluGate(expanded)) as tf.Tensor2D;
      const value = tf.add(tf.matMul(activated, contract), contractBias) as tf.Tensor2D;
      return { value, saved: [x, expanded, expand, contract] as const };
    },
    (gradient, [x, expanded, expand, contract]) => {
      const gate = geluGate(expanded);
      // d/dz z s(2u) = s + z s (1 - s) 2 u', with u' = sqrt(2/pi) (1 + 3 * 0.044715 z²)
      const inner = tf.add(tf.mul(tf.square(expanded), 6 * GELU_SCALE * GELU_CUBIC), 2 * GELU_SCALE);
      const slope = tf.mul(gate, tf.add(tf.mul(tf.mul(expanded, tf.sub(1, gate)), inner), 1));
      const expandedGradient = tf.mul(timesTransposed(gradient, contract), slope) as tf.Tensor2D;
      return [
        timesTransposed(expandedGradient, expand),
        transposedTimes(x, expandedGradient),
        sumRows(expandedGradient),
        transposedTimes(tf.mul(expanded, gate) as tf.Tensor2D, gradient),
        sumRows(gradient),
      ];
    },
  );
}
