import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { compileKernel } from "../../scripts/build-kernels.mjs";
import { startBackend } from "../backend.ts";
import { stepAdamW, stepInOperations } from "./adamw.ts";
import { ADAMW_BINARY } from "./adamw-binary.ts";

beforeAll(() => startBackend("wasm"));

describe("the kernel of AdamW", () => {
  it("gives the bits of TensorFlow.js's operations, whatever the size", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 41 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 1e-3, max: 1, noNaN: true }),
        (size, step, scale) => {
          tf.tidy(() => {
            const operands = {
              weight: tf.randomNormal([size]),
              gradient: tf.randomNormal([size]),
              first: tf.randomNormal([size]),
              second: tf.abs(tf.randomNormal([size])),
            };
            const coefficients = {
              scale,
              beta1: 0.9,
              beta2: 0.999,
              epsilon: 1e-8,
              firstCorrection: 1e-3 / (1 - 0.9 ** step),
              secondCorrection: 1 / (1 - 0.999 ** step),
              keep: 1 - 1e-5,
            };
            const read = (tensors: readonly tf.Tensor[]): number[][] => tensors.map((tensor) => [...tensor.dataSync()]);
            expect(read(stepAdamW(operands, coefficients))).toEqual(read(stepInOperations(operands, coefficients)));
          });
        },
      ),
    );
  });

  it("is compiled from the source that stands beside it", async () => {
    expect(await compileKernel("adamw")).toBe(ADAMW_BINARY);
  });
});
