import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimateUsage, UsageMeter, usageCost, usageRecord } from "./usage.ts";

/** The paper's update on Qwen2.5-VL-7B, with prompts of 700 tokens and responses of 2048. */
const work = {
  updates: 10,
  promptsPerUpdate: 384,
  rolloutsPerPrompt: 8,
  promptTokens: 700,
  responseTokens: 2048,
  samplingFactor: 1,
  extraPasses: { current: 1, reference: 0 },
  evaluationPrompts: 0,
};
const plain = { usesBuiltInLoss: false, rescoresSamples: false };

describe("the estimate", () => {
  it("is the sum over all passes of what they read", () => {
    const rollouts = 10 * 384 * 8;
    expect(estimateUsage(work, plain)).toEqual({
      prefilled: 10 * 384 * 700,
      sampled: rollouts * 2048,
      // VPPO's perturbed images and the loss's own pass; the last token of a response is not read.
      scored: 2 * rollouts * (700 + 2048 - 1),
      trained: rollouts * (700 + 2048 - 1),
    });
  });

  it("counts a filter's refusals where they cost: in sampling alone", () => {
    const once = estimateUsage(work, plain);
    const twice = estimateUsage({ ...work, samplingFactor: 2 }, plain);
    expect(twice).toEqual({ ...once, prefilled: 2 * once.prefilled, sampled: 2 * once.sampled });
  });

  it("spares the loss's forward pass where the server has the loss, and adds one where samples are scored anew", () => {
    const { scored } = estimateUsage(work, plain);
    expect(estimateUsage(work, { ...plain, usesBuiltInLoss: true }).scored).toBe(scored / 2);
    expect(estimateUsage(work, { ...plain, rescoresSamples: true }).scored).toBe((scored / 2) * 3);
  });

  it("asks the reference policy as a sampler whose prompts are the rollouts", () => {
    const extraPasses = { current: 1, reference: 1 };
    const { trained, ...rest } = estimateUsage({ ...work, extraPasses }, plain);
    expect(rest.prefilled).toBe(10 * 384 * 700 + trained);
  });

  it("of two runs is the sum of theirs", () => {
    const count = fc.integer({ min: 0, max: 1000 });
    const sizes = fc.record({
      updates: count,
      promptsPerUpdate: count,
      rolloutsPerPrompt: count,
      promptTokens: fc.integer({ min: 1, max: 4000 }),
      responseTokens: fc.integer({ min: 1, max: 4000 }),
      samplingFactor: fc.integer({ min: 1, max: 20 }),
      evaluationPrompts: count,
      extraPasses: fc.record({ current: fc.integer({ min: 0, max: 3 }), reference: fc.integer({ min: 0, max: 1 }) }),
    });
    const plans = fc.record({ usesBuiltInLoss: fc.boolean(), rescoresSamples: fc.boolean() });
    fc.assert(
      fc.property(sizes, plans, count, count, (size, plan, more, evaluated) => {
        const meter = new UsageMeter();
        meter.add(estimateUsage(size, plan));
        meter.add(estimateUsage({ ...size, updates: more, evaluationPrompts: evaluated }, plan));
        const together = {
          ...size,
          updates: size.updates + more,
          evaluationPrompts: size.evaluationPrompts + evaluated,
        };
        expect(meter.total).toEqual(estimateUsage(together, plan));
      }),
    );
  });

  it("is refused for a size that none can be", () => {
    expect(() => estimateUsage({ ...work, updates: -1 }, plain)).toThrow("updates is -1; it must not be negative");
    expect(() => estimateUsage({ ...work, promptTokens: Number.NaN }, plain)).toThrow("promptTokens is NaN");
  });
});

describe("the price", () => {
  const prices = { prefilled: 0.5, sampled: 2, scored: 0.25, trained: 1 };

  it("is by the million tokens, of each kind its own", () => {
    const usage = { prefilled: 2_000_000, sampled: 1_000_000, scored: 4_000_000, trained: 500_000 };
    expect(usageCost(usage, prices)).toBe(1 + 2 + 1 + 0.5);
  });

  it("is told where prices are known", () => {
    const usage = { prefilled: 1, sampled: 2, scored: 3, trained: 4 };
    const tokens = { "tokens-prefilled": 1, "tokens-sampled": 2, "tokens-scored": 3, "tokens-trained": 4 };
    expect(usageRecord(usage, undefined)).toEqual(tokens);
    expect(usageRecord(usage, prices)).toEqual({ ...tokens, cost: usageCost(usage, prices) });
  });
});
