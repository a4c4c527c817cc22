import { describe, expect, it } from "vitest";
import type { ModelConfig } from "./model-config.ts";
import { checkGradientCheckpointing, microBatchTokens, policyOptionsSchema, samplingRows } from "./policy-options.ts";

describe("the engine's options", () => {
  it("ask wasm for no gradient checkpointing, which it has not", () => {
    const options = policyOptionsSchema.parse({ gradientCheckpointing: true });
    expect(() => checkGradientCheckpointing(options, "wasm")).toThrow('"gradientCheckpointing": the backend "wasm"');
    expect(() => checkGradientCheckpointing(options, "tensorflow")).not.toThrow();
    expect(() => checkGradientCheckpointing(policyOptionsSchema.parse({}), "wasm")).not.toThrow();
  });

  /** 28 kB of activations a token, and a hundred times that. */
  const small = { heads: 4, keyValueHeads: 2, headDimension: 16, hiddenSize: 64, intermediateSize: 300, layers: 4 };
  const large = { ...small, heads: 40, keyValueHeads: 20, hiddenSize: 640, intermediateSize: 3000, layers: 40 };
  const modelOf = (text: typeof small) => ({ text }) as ModelConfig;

  const affordable = Math.floor((384 * 2 ** 20) / (4 * 40 * (2 * 80 * 16 + 10 * 640 + 3 * 3000)));

  it("leave the sizes of passes to the backend unless they are given", () => {
    const left = policyOptionsSchema.parse({});
    expect([samplingRows(left, "wasm"), samplingRows(left, "tensorflow"), samplingRows(left, "webgpu")]).toEqual([
      128, 128, 512,
    ]);
    expect(microBatchTokens(left, "wasm", modelOf(small), 100)).toBe(1024);
    expect(microBatchTokens(left, "tensorflow", modelOf(small), 100)).toBe(8192);
    expect(microBatchTokens(left, "webgpu", modelOf(large), 100)).toBe(8192);
    const given = policyOptionsSchema.parse({ microBatchTokens: 300, samplingRows: 7 });
    expect(samplingRows(given, "tensorflow")).toBe(7);
    expect(microBatchTokens(given, "wasm", modelOf(small), 5000)).toBe(300);
  });

  it("let tensorflow keep 384 MiB of activations at a time", () => {
    expect(microBatchTokens(policyOptionsSchema.parse({}), "tensorflow", modelOf(large), 9999)).toBe(affordable);
  });

  it("let wasm take four times the longest prompt, and no more than 384 MiB of activations", () => {
    const left = policyOptionsSchema.parse({});
    expect(microBatchTokens(left, "wasm", modelOf(small), 500)).toBe(2000);
    expect(affordable).toBeGreaterThan(100);
    expect(microBatchTokens(left, "wasm", modelOf({ ...large, layers: 4 }), 5000)).toBe(
      Math.floor((384 * 2 ** 20) / (4 * 4 * (2 * 80 * 16 + 10 * 640 + 3 * 3000))),
    );
    expect(microBatchTokens(left, "wasm", modelOf(large), 5000)).toBe(1024);
  });
});
