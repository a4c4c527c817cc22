import * as tf from "@tensorflow/tfjs-core";

/**
 * Products of G samples with matrices that they share: a `[samples, batch, m, k]` and b `[1, batch, k, n]`, or `[1, batch, n, k]` when
 * transposeB, give `[samples, batch, m, n]`. Forward only.
 */
export function sharedProduct(a: tf.Tensor4D, b: tf.Tensor4D, transposeB = false): tf.Tensor4D {
  const [samples, batch, m, k] = a.shape;
  if (samples === 1 || tf.getBackend() !== "tensorflow") return tf.matMul(a, b, false, transposeB) as tf.Tensor4D;
  // oneDNN, within TensorFlow 2.21, overruns its memory when it broadcasts b: the samples' rows are brought together instead.
  const together = tf.reshape(tf.transpose(a, [1, 0, 2, 3]), [batch, samples * m, k]);
  const products = tf.matMul(together, tf.squeeze(b, [0]), false, transposeB);
  return tf.transpose(tf.reshape(products, [batch, samples, m, -1]), [1, 0, 2, 3]) as tf.Tensor4D;
}
