import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { startBackend } from "../backend.ts";
import { backendUnderTest } from "../backend-under-test.ts";
import { sharedProduct } from "./shared-product.ts";

beforeAll(() => startBackend(backendUnderTest()));

const size = fc.integer({ min: 1, max: 21 });
const count = fc.integer({ min: 1, max: 4 });

describe("the product with shared matrices", () => {
  it("is that with a copy of them for each sample, whatever the sizes", async () => {
    await fc.assert(
      fc.asyncProperty(count, count, size, size, size, fc.boolean(), async (samples, batch, m, n, k, transposeB) => {
        const difference = tf.tidy(() => {
          const a = tf.randomNormal<tf.Rank.R4>([samples, batch, m, k]);
          const b = tf.randomNormal<tf.Rank.R4>([1, batch, ...((transposeB ? [n, k] : [k, n]) as [number, number])]);
          const expected = tf.matMul(a, tf.tile(b, [samples, 1, 1, 1]), false, transposeB);
          const actual = sharedProduct(a, b, transposeB);
          expect(actual.shape).toEqual(expected.shape);
          return tf.max(tf.abs(tf.sub(actual, expected)));
        });
        expect((await difference.data())[0]).toBeLessThan(1e-4);
        difference.dispose();
      }),
    );
  });
});
