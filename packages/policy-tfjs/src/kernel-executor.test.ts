import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBackend } from "./backend.ts";
import { KernelExecutor } from "./kernel-executor.ts";
import { readModelConfig } from "./model-config.ts";

const config = await readModelConfig(join(import.meta.dirname, "../fixtures/smolvlm-a"));
const pass = {
  prompts: [{ tokens: Int32Array.of(1, 5, 9), pixelValues: [] }],
  responses: [[Int32Array.of(7, 8)]],
  rows: Int32Array.of(0),
  temperature: 1,
};

beforeAll(() => startBackend("wasm"));

describe.each([1, 2])("kernels in %i threads", (workers) => {
  const executor = new KernelExecutor(workers, config);
  executor.acquire();
  afterAll(() => executor.release());
  const create = () =>
    executor.createParameters(async ({ shape }) =>
      Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, index) => Math.sin(index)),
    );

  it("give a gradient's room back when the loss fails, and pass its error on", async () => {
    const weights = await create();
    const gradient = await executor.gradient(pass, weights, (logprobs) => tf.sum(logprobs));
    const { address } = gradient;
    gradient.dispose();
    const failing = executor.gradient(pass, weights, () => {
      throw new Error("this loss is broken");
    });
    await expect(failing).rejects.toThrow("this loss is broken");
    const next = await executor.gradient(pass, weights, (logprobs) => tf.sum(logprobs));
    expect(next.address).toBe(address);
    for (const set of [weights, next]) set.dispose();
  });

  it("pack weights once for passes that start together, and anew when they have changed", async () => {
    const weights = await create();
    const [first, second] = await Promise.all([weights.weights("gradient"), weights.weights("gradient")]);
    expect(second).toEqual(first);
    const before = await executor.score({ ...pass, distributions: false }, weights);
    const gradient = await executor.gradient(pass, weights, (logprobs) => tf.sum(logprobs));
    await weights.add(gradient);
    const after = await executor.score({ ...pass, distributions: false }, weights);
    expect(await weights.weights("gradient")).toEqual(first);
    expect([...after.values]).not.toEqual([...before.values]);
    for (const set of [weights, gradient]) set.dispose();
  });
});
