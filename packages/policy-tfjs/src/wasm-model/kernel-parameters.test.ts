import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBackend } from "../backend.ts";
import { KernelExecutor } from "../kernel-executor.ts";
import { type ModelConfig, readModelConfig } from "../model-config.ts";
import { type ParameterLayout, parameterLayouts } from "../parameter-layout.ts";
import type { AdamWCoefficients, Parameters } from "../parameters.ts";
import { TensorParameters } from "../tensor-parameters.ts";

const small = await readModelConfig(join(import.meta.dirname, "../../fixtures/smolvlm-a"));
/** 3 million parameters: enough for several threads to share the work. */
const large: ModelConfig = { ...small, text: { ...small.text, intermediateSize: 10_000 } };

beforeAll(() => startBackend("wasm"));

/** Values that differ by parameter, place and set. */
const reader =
  (set: number) =>
  async ({ name, shape }: ParameterLayout): Promise<Float32Array> =>
    Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, index) =>
      Math.sin(set + name.length + 0.37 * index),
    );

const coefficients: AdamWCoefficients = {
  scale: 0.7,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  firstCorrection: 1e-2,
  secondCorrection: 10,
  keep: 1 - 1e-4,
};

async function read(parameters: Parameters): Promise<number[][]> {
  const values = await Promise.all(parameters.layouts.map(({ name }) => parameters.values(name)));
  return values.map((value) => [...value]);
}

/** Adds two gradients and takes a step; all that there is afterwards. */
async function stepOnce(
  create: (set: number) => Promise<Parameters>,
  using: AdamWCoefficients = coefficients,
): Promise<{ readonly values: number[][][]; readonly squares: number }> {
  const sets = [await create(1), await create(2), await create(3), await create(4)] as const;
  const [weights, gradient, other, firstMoments] = sets;
  const secondMoments = weights.zeros();
  await gradient.add(other);
  const squares = await gradient.squares();
  await weights.step({ gradient, firstMoments, secondMoments }, using);
  const values = await Promise.all([weights, gradient, firstMoments, secondMoments].map(read));
  for (const set of [...sets, secondMoments]) set.dispose();
  return { values, squares };
}

describe("parameters in the kernels' memory", () => {
  const layouts = parameterLayouts(small);
  const executor = new KernelExecutor(1, small);
  const create = (set: number) => executor.createParameters(reader(set));
  const createTensors = (set: number) => TensorParameters.read(layouts, reader(set));

  it("are added up and stepped to the bits of TensorFlow.js's operations", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 1e-3, max: 1, noNaN: true }),
        async (steps, scale) => {
          const using = {
            ...coefficients,
            scale,
            firstCorrection: 1e-3 / (1 - 0.9 ** steps),
            secondCorrection: 1 / (1 - 0.999 ** steps),
          };
          const ours = await stepOnce(create, using);
          const theirs = await stepOnce(createTensors, using);
          expect(ours.values).toEqual(theirs.values);
          expect(Math.abs(ours.squares / theirs.squares - 1)).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 5 },
    );
  });

  it("have the sum of squares of float64, and not that of what lies between them", async () => {
    const parameters = await create(1);
    const expected = (await read(parameters)).flat().reduce((sum, value) => sum + value * value, 0);
    expect(Math.abs((await parameters.squares()) / expected - 1)).toBeLessThan(1e-12);
    parameters.dispose();
  });

  it("are copied, and made of nothing, beside others that stay as they are", async () => {
    const parameters = await create(1);
    const before = await read(parameters);
    const [copy, zeros] = [parameters.copy(), parameters.zeros()];
    expect(await copy.fingerprint()).toBe(await parameters.fingerprint());
    await copy.add(copy);
    expect((await read(zeros)).flat().every((value) => value === 0)).toBe(true);
    expect(await read(parameters)).toEqual(before);
    for (const set of [parameters, copy, zeros]) set.dispose();
  });

  it("use the room of those that were disposed", async () => {
    const first = await create(1);
    const { address } = first;
    first.dispose();
    const second = await create(2);
    expect(second.address).toBe(address);
    second.dispose();
  });

  it("give their room back once, however often they are disposed, and are not read afterwards", async () => {
    const first = await create(1);
    first.dispose();
    first.dispose();
    const [second, third] = [await create(2), await create(3)];
    expect(third.address).not.toBe(second.address);
    expect(() => first.address).toThrow("were disposed");
    await expect(first.values("text.norm.weight")).rejects.toThrow("were disposed");
    await expect(first.weights("forward")).rejects.toThrow("were disposed");
    for (const set of [second, third]) set.dispose();
  });

  it("leave nothing behind if they cannot be read", async () => {
    const first = await create(1);
    const { address } = first;
    first.dispose();
    const unreadable = executor.createParameters(async (layout) => {
      if (layout.name === "text.norm.weight") throw new Error("the disk is gone");
      return reader(1)(layout);
    });
    await expect(unreadable).rejects.toThrow("the disk is gone");
    const second = await create(1);
    expect(second.address).toBe(address);
    second.dispose();
  });
});

describe("large parameters", () => {
  const executors = [1, 2, 3].map((workers) => new KernelExecutor(workers, large));
  for (const executor of executors) executor.acquire();
  afterAll(() => Promise.all(executors.map((executor) => executor.release())));

  it("come out the same whoever shares the work", async () => {
    const [alone, ...together] = await Promise.all(
      executors.map(async (executor) => {
        const { values, squares } = await stepOnce((set) => executor.createParameters(reader(set)));
        const weights = await executor.createParameters(reader(5));
        const pass = {
          prompts: [{ tokens: Int32Array.of(1, 5, 9), pixelValues: [] }],
          responses: [[Int32Array.of(7, 8)]],
          temperature: 1,
          distributions: true,
        };
        const scores = await executor.score(pass, weights);
        const gradient = await executor.gradient({ ...pass, rows: Int32Array.of(0) }, weights, (logprobs) =>
          tf.sum(logprobs),
        );
        return {
          fingerprints: values.map((set) => set.map((value) => hash(value))),
          squares,
          scores,
          gradient: await gradient.fingerprint(),
        };
      }),
    );
    for (const other of together) expect(other).toEqual(alone);
  });
});

/** A number for many: a difference in a million values is shown as one. */
function hash(values: readonly number[]): number {
  return values.reduce((sum, value, index) => (Math.imul(sum, 31) + Math.fround(value) * 2 ** 30 + index) | 0, 7);
}
