import { describe, expect, it } from "vitest";
import { studentInterval } from "./student-interval.ts";
import { summariseSeeds } from "./summarise-seeds.ts";

describe("Student's interval", () => {
  it("of a sample worked by hand", () => {
    // mean 5, s^2 = 20/3, t(3) = 3.182446: half width 3.182446 * sqrt(20/12).
    const { mean, low, high } = studentInterval([2, 4, 6, 8]);
    expect(mean).toBe(5);
    expect(high! - mean).toBeCloseTo(3.182446 * Math.sqrt(20 / 12), 6);
    expect(mean - low!).toBeCloseTo(high! - mean, 12);
  });

  it("goes on from the table smoothly, towards the normal distribution", () => {
    const half = (count: number) => {
      const values = Array.from({ length: count }, (_, index) => index % 2);
      const { mean, high } = studentInterval(values);
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
      return (high! - mean) / Math.sqrt(variance / count);
    };
    expect(half(31)).toBeCloseTo(2.042272, 6);
    // t(31) and t(120) of any table.
    expect(half(32)).toBeCloseTo(2.039513, 5);
    expect(half(121)).toBeCloseTo(1.97993, 5);
  });

  it("of one value has no width to tell", () => {
    expect(studentInterval([0.5])).toEqual({ mean: 0.5, low: null, high: null });
  });
});

describe("summariseSeeds", () => {
  const results = [
    { label: "grpo", seed: 1, value: 0.5 },
    { label: "grpo", seed: 2, value: 0.7 },
    { label: "vppo", seed: 2, value: 0.8 },
    { label: "vppo", seed: 1, value: 0.7 },
    { label: "vppo", seed: 3, value: 0.9 },
  ];

  it("pairs the differences to the first by seed, and leaves out seeds that it does not have", () => {
    const [grpo, vppo, ...more] = summariseSeeds(results, ["grpo", "dapo", "vppo"]);
    expect(more).toEqual([]);
    expect(grpo).toMatchObject({ label: "grpo", seeds: [1, 2], differenceToFirst: null });
    expect(grpo!.mean).toBeCloseTo(0.6, 12);
    expect(vppo!.mean).toBeCloseTo(0.8, 12);
    // Differences 0.2 and 0.1: mean 0.15, s = 0.0707107, t(1) = 12.706205.
    expect(vppo!.differenceToFirst!.mean).toBeCloseTo(0.15, 12);
    expect(vppo!.differenceToFirst!.high! - 0.15).toBeCloseTo(12.706205 * 0.05, 6);
  });

  it("has no difference to a first that has no result", () => {
    expect(summariseSeeds(results.slice(2), ["grpo", "vppo"])).toMatchObject([
      { label: "vppo", differenceToFirst: null },
    ]);
  });
});
