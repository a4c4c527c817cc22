import { describe, expect, it } from "vitest";
import { dependencyHistogram, dependencyMetrics, dependencyStatistics } from "./dependency-statistics.ts";

describe("dependencyStatistics", () => {
  it("says how much the most dependent tokens carry", () => {
    const statistics = dependencyStatistics([
      [4, 1, 0, 0, 0],
      [3, 2, 0, 0, 0],
    ]);
    expect(statistics).toEqual({
      tokens: 10,
      mean: 1,
      maximum: 4,
      top10Share: 0.4,
      top20Share: 0.7,
      top40Share: 1,
      trajectoryMean: 1,
      trajectoryMinimum: 1,
      trajectoryMaximum: 1,
    });
  });

  it("is all zero without tokens", () => {
    expect(new Set(Object.values(dependencyMetrics([])))).toEqual(new Set([0]));
  });
});

describe("dependencyHistogram", () => {
  it("counts in equal bins from zero, larger values in the last", () => {
    const { edges, counts } = dependencyHistogram([0, 0.4, 0.5, 1, 7], { bins: 2, maximum: 1 });
    expect([...edges]).toEqual([0, 0.5, 1]);
    expect([...counts]).toEqual([2, 3]);
  });

  it("reaches to the largest value by default", () => {
    expect([...dependencyHistogram([0, 1, 2, 3, 4], { bins: 4 }).counts]).toEqual([1, 1, 1, 2]);
  });
});
