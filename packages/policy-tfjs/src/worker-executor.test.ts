import { describe, expect, it } from "vitest";
import type { ModelConfig } from "./model-config.ts";
import { fitsInWasm } from "./wasm-model/wasm-model.ts";
import { pooledExecutor } from "./worker-executor.ts";

/** Never read: the pool is refused before. */
const config = {} as ModelConfig;
/** 4 GB of float32. */
const large = [{ name: "text.0.up.kernel", shape: [50_000, 20_000], arrangement: "columns", sources: [] }] as const;

describe("the executor of several workers", () => {
  it("refuses a backend that drives one device", () => {
    expect(() => pooledExecutor(2, "webgpu", config, { layouts: [] })).toThrow('"workers": the backend "webgpu"');
  });

  it("refuses to sample in WebAssembly what does not fit there", () => {
    expect(() => pooledExecutor(2, "tensorflow", config, { layouts: large })).toThrow("too large for its memory");
  });
});

describe("what fits in WebAssembly's memory", () => {
  it("is decided by the number of parameters", () => {
    expect(fitsInWasm(large)).toBe(false);
    expect(fitsInWasm([{ name: "text.norm.weight", shape: [576], arrangement: "rows", sources: [] }])).toBe(true);
  });
});
