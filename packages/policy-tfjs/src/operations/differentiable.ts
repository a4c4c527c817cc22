import * as tf from "@tensorflow/tfjs-core";

/**
 * An operation with a gradient of its own: fewer kernels than the recorded one, and none of those a backend lacks.
 *
 * @param inputs tensors that gradients flow to.
 * @param forward the value, and the tensors that the gradient needs (tensors merely captured by `gradient` would be disposed
 *   before it runs; only constants kept outside the tape may be captured).
 * @param gradient from dLoss/dvalue and the saved tensors to dLoss/dinput, one for each input, in order.
 */
export function differentiable<Value extends tf.Tensor, Saved extends readonly tf.Tensor[]>(
  inputs: readonly tf.Tensor[],
  forward: () => { readonly value: Value; readonly saved: Saved },
  gradient: (valueGradient: Value, saved: Saved) => tf.Tensor[],
): Value {
  const operation = tf.customGrad<Value>((...inputsAndSave) => {
    const save = inputsAndSave[inputsAndSave.length - 1] as (tensors: readonly tf.Tensor[]) => void;
    const { value, saved } = forward();
    save(saved);
    return {
      value,
      gradFunc: (valueGradient, savedTensors) => {
        const gradients = tf.tidy(() => gradient(valueGradient, savedTensors as unknown as Saved));
        freeSpent([valueGradient, ...savedTensors], gradients);
        return gradients;
      },
    };
  });
  return operation(...inputs);
}

/**
 * What the gradient was computed from is nobody else's: the saved tensors are clones for this operation alone, and it is the only one whose
 * output this gradient is of. TensorFlow.js would keep them until the whole gradient is there, which takes several times the memory.
 */
function freeSpent(spent: readonly tf.Tensor[], results: readonly tf.Tensor[]): void {
  for (const tensor of spent) if (!results.includes(tensor)) tensor.dispose();
}
