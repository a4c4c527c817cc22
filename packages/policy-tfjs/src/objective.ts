import * as tf from "@tensorflow/tfjs-core";

/** From log-probabilities `[N, T]` to the scalar to differentiate. */
export type Objective = (logprobs: tf.Tensor2D) => tf.Scalar;

/**
 * The objective, with what it throws put by: TensorFlow.js never frees what a tape keeps if an exception leaves it, so that the tape is run
 * to its end on something else. Call `rethrow` when it has ended.
 */
export function guardObjective(objective: Objective): { readonly guarded: Objective; readonly rethrow: () => void } {
  let failure: { readonly error: unknown } | undefined;
  return {
    guarded: (logprobs) => {
      try {
        return objective(logprobs);
      } catch (error) {
        failure = { error };
        return tf.sum(logprobs);
      }
    },
    rethrow: () => {
      if (failure !== undefined) throw failure.error;
    },
  };
}

/** dobjective/dlogprobs, `[N * T]`. */
export function objectiveGradient(
  logprobs: Float32Array,
  shape: readonly [number, number],
  objective: Objective,
): Float32Array {
  const { guarded, rethrow } = guardObjective(objective);
  let values = new Float32Array();
  tf.tidy(() => {
    const gradient = tf.grad((variable) => guarded(variable as tf.Tensor2D))(tf.tensor2d(logprobs, [...shape]));
    // Not returned: tidy would look for tensors among the values, one by one.
    values = gradient.dataSync() as Float32Array<ArrayBuffer>;
  });
  rethrow();
  return values;
}
