import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { softTokenMask, topTokenMask } from "./index.ts";

const scores = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1, maxLength: 60 });
const fraction = fc.constantFrom(0.1, 0.2, 0.4, 0.5, 0.6, 0.8, 0.9, 1);

describe("the hard mask", () => {
  it("keeps exactly ceil(k T) tokens, none of them below one that it drops", () => {
    fc.assert(
      fc.property(scores, fc.integer({ min: 1, max: 10 }), (values, tenths) => {
        const mask = topTokenMask(values, tenths / 10);
        const kept = values.filter((_, token) => mask[token] === 1);
        const dropped = values.filter((_, token) => mask[token] === 0);
        // In whole numbers, where no rounding can be in the way.
        expect(kept).toHaveLength(Math.floor((tenths * values.length + 9) / 10));
        expect(kept.length + dropped.length).toBe(values.length);
        expect(Math.min(...kept)).toBeGreaterThanOrEqual(Math.max(Number.NEGATIVE_INFINITY, ...dropped));
      }),
    );
  });

  it("keeps the earlier of equal tokens", () => {
    expect([...topTokenMask([1, 2, 1, 1, 1], 0.4)]).toEqual([1, 1, 0, 0, 0]);
  });

  it("keeps one more token only where k T really exceeds a whole number", () => {
    // 0.28 * 25 is 7.000000000000001 in floating point.
    expect(topTokenMask(new Float64Array(25), 0.28).reduce((sum, value) => sum + value, 0)).toBe(7);
    expect(topTokenMask(new Float64Array(6), 0.4).reduce((sum, value) => sum + value, 0)).toBe(3);
  });
});

describe("the soft mask", () => {
  it("weighs more what looks more, between 0 and 1, with a mean of k", () => {
    fc.assert(
      fc.property(scores, fraction, (values, k) => {
        const weights = [...softTokenMask(values, k)];
        expect(weights.reduce((sum, weight) => sum + weight, 0) / weights.length).toBeCloseTo(k, 5);
        const order = values.map((_, token) => token).sort((a, b) => values[a]! - values[b]!);
        order.forEach((token, rank) => {
          expect(weights[token]).toBeGreaterThanOrEqual(0);
          expect(weights[token]).toBeLessThanOrEqual(1);
          if (rank > 0) expect(weights[token]).toBeGreaterThanOrEqual(weights[order[rank - 1]!]!);
        });
      }),
    );
  });

  it("weighs tokens alike that look alike", () => {
    for (const weight of softTokenMask([3, 3, 3], 0.4)) expect(weight).toBeCloseTo(0.4, 6);
  });

  it("depends on dependencies relative to the rollout alone", () => {
    const values = [0, 1, 5, 2];
    const scaled = softTokenMask(
      values.map((value) => 100 + 7 * value),
      0.4,
    );
    softTokenMask(values, 0.4).forEach((weight, token) => {
      expect(scaled[token]).toBeCloseTo(weight, 6);
    });
  });
});
