import { describe, expect, it } from "vitest";
import { checkGradientCheckpointing, passSizes, policyOptionsSchema } from "./policy-options.ts";

describe("the engine's options", () => {
  it("ask wasm for no gradient checkpointing, which it has not", () => {
    const options = policyOptionsSchema.parse({ gradientCheckpointing: true });
    expect(() => checkGradientCheckpointing(options, "wasm")).toThrow('"gradientCheckpointing": the backend "wasm"');
    expect(() => checkGradientCheckpointing(options, "tensorflow")).not.toThrow();
    expect(() => checkGradientCheckpointing(policyOptionsSchema.parse({}), "wasm")).not.toThrow();
  });

  it("leave the sizes of passes to the backend unless they are given", () => {
    const left = policyOptionsSchema.parse({});
    expect(passSizes(left, "wasm")).toEqual({ microBatchTokens: 1024, samplingRows: 128 });
    expect(passSizes(left, "tensorflow")).toEqual({ microBatchTokens: 8192, samplingRows: 128 });
    expect(passSizes(left, "webgpu")).toEqual({ microBatchTokens: 8192, samplingRows: 512 });
    const given = policyOptionsSchema.parse({ microBatchTokens: 300, samplingRows: 7 });
    expect(passSizes(given, "tensorflow")).toEqual({ microBatchTokens: 300, samplingRows: 7 });
  });
});
