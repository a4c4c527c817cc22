import { describe, expect, it } from "vitest";
import { bootstrapInterval } from "./bootstrap-interval.ts";
import { studentInterval } from "./student-interval.ts";
import { wilsonInterval } from "./wilson-interval.ts";

describe("Wilson's interval", () => {
  // R: prop.test(x, n, correct = FALSE)$conf.int
  it.each([
    [8, 10, 0.4901625, 0.9433178],
    [0, 20, 0, 0.1611252],
    [20, 20, 0.8388748, 1],
    [612, 1000, 0.5814247, 0.6417104],
  ])("of %d in %d", (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it("of nothing is everything", () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

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

describe("the bootstrap", () => {
  const values = Array.from({ length: 200 }, (_, index) => Number(index % 5 === 0));

  it("agrees with the normal approximation where that holds, and with itself", () => {
    const { low, high } = bootstrapInterval(values, 1);
    const half = 1.96 * Math.sqrt((0.2 * 0.8) / 200);
    expect(low).toBeCloseTo(0.2 - half, 1.5);
    expect(high).toBeCloseTo(0.2 + half, 1.5);
    expect(bootstrapInterval(values, 1)).toEqual({ low, high });
  });
});
