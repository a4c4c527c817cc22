import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dependencyHistogram, dependencyMetrics, dependencyStatistics } from "./dependency-statistics.ts";
import { DependencySummary } from "./dependency-summary.ts";

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

describe("DependencySummary", () => {
  it("of files is that of all their rollouts together, however they are split", () => {
    const rollout = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 20 });
    const files = fc.array(fc.array(rollout, { maxLength: 6 }), { maxLength: 6 });
    fc.assert(
      fc.property(files, (all) => {
        const merged = new DependencySummary();
        for (const file of all) {
          const own = new DependencySummary();
          for (const dependency of file) own.add(dependency);
          merged.merge(own);
          merged.statistics();
        }
        const { trajectoryMean, ...exact } = merged.statistics();
        const { trajectoryMean: expectedMean, ...expected } = dependencyStatistics(all.flat());
        expect(exact).toEqual(expected);
        expect(trajectoryMean).toBeCloseTo(expectedMean, 9);
        const tokens = all.flat(2);
        expect(merged.tokenHistogram(7)).toEqual(dependencyHistogram(tokens, { bins: 7 }));
        const end = Math.max(0, ...tokens) || 1;
        for (const [bin, count] of merged.tokenHistogram(7).counts.entries()) {
          const inBin = tokens.filter((value) => Math.min(6, Math.floor((value / end) * 7)) === bin);
          expect(count).toBe(inBin.length);
        }
      }),
    );
  });
});
