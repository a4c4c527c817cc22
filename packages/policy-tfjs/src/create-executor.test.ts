import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createExecutor, fitsInWasm } from "./create-executor.ts";
import { readModelConfig } from "./model-config.ts";

const small = await readModelConfig(join(import.meta.dirname, "../fixtures/smolvlm-a"));
/** 2 GB of float32, which the kernels hold twice. */
const large = { ...small, text: { ...small.text, intermediateSize: 2_000_000 } };
const options = { workers: 2, gradientCheckpointing: false };

describe("the executor of several workers", () => {
  it("is refused on a backend that drives one device", () => {
    expect(() => createExecutor(options, "webgpu", small)).toThrow('"workers": the backend "webgpu"');
  });

  it("is refused where WebAssembly would have to hold what does not fit there", () => {
    expect(() => createExecutor(options, "tensorflow", large)).toThrow("too large for its memory");
  });
});

describe("what fits in WebAssembly's memory", () => {
  it("is decided by the number of parameters", () => {
    expect(fitsInWasm(large)).toBe(false);
    expect(fitsInWasm(small)).toBe(true);
  });
});
