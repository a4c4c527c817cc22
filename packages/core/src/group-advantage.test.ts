import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GROUP_ADVANTAGES, groupAdvantage, groupStatistics } from "./group-advantage.ts";

describe.each(GROUP_ADVANTAGES)("the %s advantage", (kind) => {
  it("is exactly zero for a group whose rewards are equal", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.integer({ min: 1, max: 16 }), (reward, size) => {
        expect([...groupAdvantage(kind, new Float64Array(size).fill(reward))].every((value) => value === 0)).toBe(true);
      }),
    );
  });

  it("permutes with the rollouts and sums to zero", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 2, maxLength: 16 }), (rewards) => {
        const advantages = [...groupAdvantage(kind, rewards)];
        expect([...groupAdvantage(kind, rewards.toReversed())].toReversed()).toEqual(
          advantages.map((value) => expect.closeTo(value, 9)),
        );
        expect(advantages.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 9);
      }),
    );
  });
});

describe("groupStatistics", () => {
  it("divides by one less than the count", () => {
    expect(groupStatistics([1, 3])).toEqual({ mean: 2, standardDeviation: Math.SQRT2, minimum: 1, maximum: 3 });
  });

  it("refuses an empty group and a reward that is not finite", () => {
    expect(() => groupStatistics([])).toThrow("without rollouts");
    expect(() => groupStatistics([0, Number.NaN])).toThrow("the reward of rollout 1 of a group is NaN");
  });
});
