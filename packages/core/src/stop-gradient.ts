import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

const detach = tf.customGrad((x) => {
  const input = x as Tensor;
  return { value: tf.clone(input), gradFunc: (gradient: Tensor) => tf.zerosLike(gradient) };
});

/** The same values, through which no gradient flows: sg(x) of the papers. */
export function stopGradient<T extends Tensor>(x: T): T {
  return detach(x) as T;
}
