import { describe, expect, it } from "vitest";
import { bootstrapInterval } from "./bootstrap-interval.ts";
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
