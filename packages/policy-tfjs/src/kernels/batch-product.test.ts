import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { compileKernel } from "../../scripts/build-kernels.mjs";
import { startBackend } from "../backend.ts";
import { backendUnderTest } from "../backend-under-test.ts";
import { batchProduct } from "./batch-product.ts";
import { BATCH_PRODUCT_BINARY } from "./batch-product-binary.ts";

beforeAll(() => startBackend(backendUnderTest()));

const size = fc.integer({ min: 1, max: 21 });

describe("the batched product", () => {
  it("is TensorFlow.js's own, whatever the sizes, transposes and sharing of the second factor", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          samples: fc.integer({ min: 1, max: 4 }),
          batch: fc.integer({ min: 1, max: 4 }),
          m: size,
          n: size,
          k: size,
        }),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        async ({ samples, batch, m, n, k }, transposeA, transposeB, shared) => {
          const difference = tf.tidy(() => {
            const a = tf.randomNormal([samples, batch, ...(transposeA ? [k, m] : [m, k])]);
            const b = tf.randomNormal([shared ? 1 : samples, batch, ...(transposeB ? [n, k] : [k, n])]);
            // Without sharing, which TensorFlow itself cannot be trusted with.
            const expected = tf.matMul(a, shared ? tf.tile(b, [samples, 1, 1, 1]) : b, transposeA, transposeB);
            const actual = batchProduct(a, b, transposeA, transposeB);
            expect(actual.shape).toEqual(expected.shape);
            return tf.max(tf.abs(tf.sub(actual, expected)));
          });
          expect((await difference.data())[0]).toBeLessThan(1e-4);
          difference.dispose();
        },
      ),
    );
  });

  // On WebGPU TensorFlow.js chooses a program by the size of the whole product, and each adds in an order of its own.
  it.skipIf(backendUnderTest() === "webgpu")("gives the same bits for a matrix whatever batch it is in", async () => {
    const [within, alone] = tf.tidy(() => {
      const a = tf.randomNormal([6, 9, 13]);
      const b = tf.randomNormal([6, 13, 11]);
      const whole = batchProduct(a, b);
      return [
        tf.slice(whole, [4, 0, 0], [1, 9, 11]),
        batchProduct(tf.slice(a, [4, 0, 0], [1, 9, 13]), tf.slice(b, [4, 0, 0], [1, 13, 11])),
      ];
    }) as [tf.Tensor, tf.Tensor];
    expect([...(await within.data())]).toEqual([...(await alone.data())]);
  });

  it("is compiled from the source that stands beside it", async () => {
    expect(await compileKernel("batch-product")).toBe(BATCH_PRODUCT_BINARY);
  });
});
