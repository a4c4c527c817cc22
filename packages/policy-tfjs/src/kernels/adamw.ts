import * as tf from "@tensorflow/tfjs-core";
import { ADAMW_BINARY } from "./adamw-binary.ts";
import { addressOf, instantiateOnBackend, wasmBackend } from "./wasm-backend.ts";

const KERNEL_NAME = "FoveaAdamW";

/** The numbers of one step that are the same for all parameters. */
export interface AdamWCoefficients {
  /** What gradients are multiplied by. */
  readonly scale: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** learningRate / (1 - beta1^t) */
  readonly firstCorrection: number;
  /** 1 / (1 - beta2^t) */
  readonly secondCorrection: number;
  /** 1 - learningRate * weightDecay */
  readonly keep: number;
}

export interface AdamWOperands {
  readonly weight: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly first: tf.Tensor;
  readonly second: tf.Tensor;
}

/** Registers the kernel with the wasm backend in use. Called once, when the backend has started. */
export async function registerAdamW(): Promise<void> {
  const backend = wasmBackend();
  const { adamw } = (await instantiateOnBackend(ADAMW_BINARY)) as { adamw(...operands: number[]): void };
  tf.registerKernel({
    kernelName: KERNEL_NAME,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => {
      const { weight, gradient, first, second } = inputs as unknown as Record<keyof AdamWOperands, tf.TensorInfo>;
      const coefficients = attrs as unknown as AdamWCoefficients;
      const outputs = [0, 1, 2].map(() => backend.makeOutput(weight.shape, "float32"));
      adamw(
        ...[weight, gradient, first, second, ...outputs].map(addressOf),
        tf.util.sizeFromShape(weight.shape),
        coefficients.scale,
        coefficients.beta1,
        1 - coefficients.beta1,
        coefficients.beta2,
        1 - coefficients.beta2,
        coefficients.firstCorrection,
        coefficients.secondCorrection,
        coefficients.epsilon,
        coefficients.keep,
      );
      return outputs;
    },
  });
}

/** New weight and moments of one parameter. On wasm one kernel of our own, elsewhere the same in TensorFlow.js's operations. */
export function stepAdamW(operands: AdamWOperands, coefficients: AdamWCoefficients): [tf.Tensor, tf.Tensor, tf.Tensor] {
  if (tf.getBackend() === "wasm") {
    return tf
      .engine()
      .runKernel(KERNEL_NAME, { ...operands } as unknown as tf.NamedTensorMap, { ...coefficients }) as unknown as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
  }
  return stepInOperations(operands, coefficients);
}

export function stepInOperations(
  { weight, gradient, first, second }: AdamWOperands,
  { scale, beta1, beta2, epsilon, firstCorrection, secondCorrection, keep }: AdamWCoefficients,
): [tf.Tensor, tf.Tensor, tf.Tensor] {
  return tf.tidy(() => {
    const scaled = tf.mul(gradient, scale);
    const newFirst = tf.add(tf.mul(first, beta1), tf.mul(scaled, 1 - beta1));
    const newSecond = tf.add(tf.mul(second, beta2), tf.mul(tf.square(scaled), 1 - beta2));
    const denominator = tf.add(tf.sqrt(tf.mul(newSecond, secondCorrection)), epsilon);
    const step = tf.mul(tf.div(newFirst, denominator), firstCorrection);
    return [tf.sub(tf.mul(weight, keep), step), newFirst, newSecond];
  });
}
