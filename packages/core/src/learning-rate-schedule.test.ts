import { describe, expect, it } from "vitest";
import { learningRate } from "./learning-rate-schedule.ts";

describe("learningRate", () => {
  it("stays at the peak when constant", () => {
    expect([0, 1, 1000].map((step) => learningRate({ kind: "constant", peak: 3 }, step))).toEqual([3, 3, 3]);
  });

  it("rises linearly and reaches the peak with the last warm-up step", () => {
    const schedule = { kind: "constant", peak: 8, warmUpSteps: 4 } as const;
    expect([0, 1, 2, 3, 4].map((step) => learningRate(schedule, step))).toEqual([2, 4, 6, 8, 8]);
  });

  it("falls along half a cosine to the final value and stays there", () => {
    const schedule = { kind: "cosine", peak: 1, final: 0.1, warmUpSteps: 2, totalSteps: 12 } as const;
    expect(learningRate(schedule, 2)).toBe(1);
    expect(learningRate(schedule, 7)).toBeCloseTo(0.55, 12);
    expect(learningRate(schedule, 12)).toBeCloseTo(0.1, 12);
    expect(learningRate(schedule, 50)).toBeCloseTo(0.1, 12);
  });
});
