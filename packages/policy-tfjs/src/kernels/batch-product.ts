import * as tf from "@tensorflow/tfjs-core";
import { BATCH_PRODUCT_BINARY } from "./batch-product-binary.ts";
import { addressOf, instantiateOnBackend, wasmBackend } from "./wasm-backend.ts";

const KERNEL_NAME = "FoveaBatchProduct";

interface KernelExports {
  batchProduct(
    a: number,
    b: number,
    c: number,
    packed: number,
    batches: number,
    batchesOfB: number,
    m: number,
    n: number,
    k: number,
    transposeA: number,
    transposeB: number,
  ): void;
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((all, length) => all * length, 1);
}

/** Registers the kernel with the wasm backend in use. Called once, when the backend has started. */
export async function registerBatchProduct(): Promise<void> {
  const backend = wasmBackend();
  const { batchProduct } = (await instantiateOnBackend(BATCH_PRODUCT_BINARY)) as KernelExports;
  const packed = { pointer: 0, bytes: 0 };
  tf.registerKernel({
    kernelName: KERNEL_NAME,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => {
      const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      const { transposeA, transposeB } = attrs as unknown as { transposeA: boolean; transposeB: boolean };
      const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
      const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
      const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
      const n = transposeB ? rowsB : columnsB;
      const bytes = 4 * k * 8 * Math.ceil(n / 8);
      if (packed.bytes < bytes) {
        if (packed.pointer !== 0) backend.wasm._free(packed.pointer);
        packed.pointer = backend.wasm._malloc(bytes);
        packed.bytes = packed.pointer === 0 ? 0 : bytes;
        if (packed.pointer === 0) throw new Error(`the wasm backend has no room for ${bytes} bytes`);
      }
      const batches = a.shape.slice(0, -2);
      const output = backend.makeOutput([...batches, m, n], "float32");
      batchProduct(
        addressOf(a),
        addressOf(b),
        addressOf(output),
        packed.pointer,
        product(batches),
        product(b.shape.slice(0, -2)),
        m,
        n,
        k,
        Number(transposeA),
        Number(transposeB),
      );
      return output;
    },
  });
}

/**
 * Products of matrices in pairs: a `[..., m, k]` (or `[..., k, m]` when transposeA) and b `[..., k, n]` (or `[..., n, k]`) give
 * `[..., m, n]`. The outer axes of b are those of a, or the first is 1 where a's is not. Forward only.
 */
export function batchProduct(a: tf.Tensor, b: tf.Tensor, transposeA = false, transposeB = false): tf.Tensor {
  if (tf.getBackend() === "tensorflow" && a.shape[0]! > 1 && b.shape[0] === 1) {
    return sharedProduct(a, b, transposeA, transposeB);
  }
  if (tf.getBackend() !== "wasm") return tf.matMul(a, b, transposeA, transposeB);
  const inputs = { a, b } as unknown as tf.NamedTensorMap;
  return tf.engine().runKernel(KERNEL_NAME, inputs, { transposeA, transposeB }) as tf.Tensor;
}

/** oneDNN, within TensorFlow 2.21, overruns its memory when b is shared along the first axis of a: the rows are brought together instead. */
function sharedProduct(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  const samples = a.shape[0]!;
  if (transposeA) return tf.matMul(a, tf.tile(b, [samples, ...b.shape.slice(1).map(() => 1)]), true, transposeB);
  const [m, k] = a.shape.slice(-2) as [number, number];
  const batch = product(a.shape.slice(1, -2));
  const [rows, columns] = b.shape.slice(-2) as [number, number];
  const n = transposeB ? rows : columns;
  const together = tf.reshape(tf.transpose(tf.reshape(a, [samples, batch, m, k]), [1, 0, 2, 3]), [
    batch,
    samples * m,
    k,
  ]);
  const products = tf.matMul(together, tf.reshape(b, [batch, rows, columns]), false, transposeB);
  const apart = tf.transpose(tf.reshape(products, [batch, samples, m, n]), [1, 0, 2, 3]);
  return tf.reshape(apart, [...a.shape.slice(0, -1), n]);
}
