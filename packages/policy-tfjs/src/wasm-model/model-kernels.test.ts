import { describe, expect, it } from "vitest";
import { compileKernels } from "../../scripts/build-kernels.mjs";
import { ModelKernels } from "./model-kernels.ts";
import { MODEL_KERNELS_BINARY } from "./model-kernels-binary.ts";

describe("the model's kernels", () => {
  it("are compiled from the source that stands beside them", async () => {
    expect(await compileKernels()).toBe(MODEL_KERNELS_BINARY);
  });

  it("compute log-probabilities within rounding, down to where float32 has no normal exponentials left", () => {
    const kernels = new ModelKernels();
    const inputs = Float32Array.from({ length: 4096 }, (_, index) => -90 + (index / 4096) * 90);

    const pairs = new Float32Array(2 * inputs.length);
    inputs.forEach((value, index) => {
      pairs[2 * index] = value;
    });
    const logits = kernels.place(pairs);
    kernels.run.logDistributions(logits, inputs.length, 2, 1);
    const logprobs = kernels.floats(logits, pairs.length);
    inputs.forEach((value, index) => {
      const expected = value - Math.log1p(Math.exp(value));
      expect(Math.abs(logprobs[2 * index]! - expected)).toBeLessThanOrEqual(2.4e-7 * Math.max(1, Math.abs(expected)));
    });
  });

  it("give memory back when a pass ends, also by an error", () => {
    const kernels = new ModelKernels();
    const before = kernels.scoped(() => kernels.allocate(100));
    expect(() =>
      kernels.scoped(() => {
        kernels.allocate(1000);
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(kernels.scoped(() => kernels.allocate(100))).toBe(before);
  });

  it("say what to lower when a pass does not fit into four gibibytes", () => {
    const kernels = new ModelKernels();
    expect(() => kernels.allocate(2 ** 30)).toThrow(
      /need 4\.0 GiB of memory.*microBatchTokens, samplingRows or workers/u,
    );
  });
});
