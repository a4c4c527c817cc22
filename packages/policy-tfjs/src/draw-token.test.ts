import type { SamplingOptions } from "@fovea-rl/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawToken } from "./draw-token.ts";
import { tokenLogits } from "./token-distribution.ts";

const all: SamplingOptions = { temperature: 1, topP: 1, topK: 0, maximumTokens: 1 };
const logits = Float32Array.of(Math.log(0.5), Math.log(0.2), Math.log(0.2), Math.log(0.1));

describe("drawing a token", () => {
  it("follows the cumulative distribution", () => {
    const drawn = [0, 0.49, 0.51, 0.69, 0.71, 0.89, 0.91, 0.9999999].map(
      (uniform) => drawToken(tokenLogits(logits), all, 1, uniform).token,
    );
    expect(drawn).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  it("is greedy at temperature 0, the lower id winning a tie", () => {
    expect(drawToken(tokenLogits(Float32Array.of(1, 3, 3, 2)), { ...all, temperature: 0 }, 1, 0.99).token).toBe(1);
  });

  it("keeps the k most probable tokens, and of those the smallest set that reaches top-p", () => {
    const uniforms = Array.from({ length: 100 }, (_, index) => index / 100);
    const support = (options: Partial<SamplingOptions>): number[] => [
      ...new Set(uniforms.map((uniform) => drawToken(tokenLogits(logits), { ...all, ...options }, 1, uniform).token)),
    ];
    expect(support({ topK: 2 })).toEqual([0, 1]);
    expect(support({ topP: 0.5 })).toEqual([0]);
    expect(support({ topP: 0.51 })).toEqual([0, 1]);
    expect(support({ topP: 0.95 })).toEqual([0, 1, 2, 3]);
    expect(support({ topK: 3, topP: 0.56 })).toEqual([0, 1]);
  });

  it("reports the training distribution, whatever the sampling truncates", () => {
    const { token, logprob, entropy } = drawToken(tokenLogits(logits), { ...all, topK: 1, temperature: 0.3 }, 1, 0.5);
    expect(token).toBe(0);
    expect(logprob).toBeCloseTo(Math.log(0.5), 6);
    expect(entropy).toBeCloseTo(-(0.5 * Math.log(0.5) + 0.4 * Math.log(0.2) + 0.1 * Math.log(0.1)), 6);
    const tempered = drawToken(tokenLogits(logits), all, 2, 0);
    const roots = [0.5, 0.2, 0.2, 0.1].map(Math.sqrt);
    expect(tempered.logprob).toBeCloseTo(Math.log(roots[0]! / roots.reduce((sum, root) => sum + root)), 6);
  });

  it("always returns a token of the vocabulary with a log-probability that is not positive", () => {
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 1, maxLength: 40, min: -80, max: 80, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.record({
          topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
          topK: fc.nat(50),
          temperature: fc.constantFrom(0, 0.1, 1, 5),
        }),
        (values, uniform, options) => {
          const { token, logprob, entropy } = drawToken(
            tokenLogits(values),
            { ...options, maximumTokens: 1 },
            1,
            uniform,
          );
          expect(token).toBeGreaterThanOrEqual(0);
          expect(token).toBeLessThan(values.length);
          expect(logprob).toBeLessThanOrEqual(1e-12);
          expect(entropy).toBeGreaterThanOrEqual(0);
          expect(entropy).toBeLessThanOrEqual(Math.log(values.length) + 1e-9);
        },
      ),
    );
  });
});
