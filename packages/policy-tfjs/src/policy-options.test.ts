import { describe, expect, it } from "vitest";
import type { ModelConfig } from "./model-config.ts";
import { checkGradientCheckpointing, passSizes, policyOptionsSchema } from "./policy-options.ts";

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

  it("leave the sizes of passes to the backend unless they are given", () => {
    const left = policyOptionsSchema.parse({});
    expect(passSizes(left, "wasm", modelOf(large))).toEqual({ microBatchTokens: 1024, samplingRows: 128 });
    expect(passSizes(left, "tensorflow", modelOf(small))).toEqual({ microBatchTokens: 8192, samplingRows: 128 });
    expect(passSizes(left, "webgpu", modelOf(large))).toEqual({ microBatchTokens: 8192, samplingRows: 512 });
    const given = policyOptionsSchema.parse({ microBatchTokens: 300, samplingRows: 7 });
    expect(passSizes(given, "tensorflow", modelOf(small))).toEqual({ microBatchTokens: 300, samplingRows: 7 });
  });

  it("let tensorflow keep 384 MiB of activations at a time", () => {
    const { microBatchTokens } = passSizes(policyOptionsSchema.parse({}), "tensorflow", modelOf(large));
    expect(microBatchTokens).toBe(Math.floor((384 * 2 ** 20) / (4 * 40 * (2 * 80 * 16 + 10 * 640 + 3 * 3000))));
  });
});
