import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resample } from "./resample.ts";

describe("resample", () => {
  const square = (side: number) =>
    fc.uint8Array({ minLength: side * side, maxLength: side * side }).map((pixels) => ({ side, pixels }));

  it("repeats pixels when it doubles, and takes their mean when it halves", () => {
    const small = { side: 2, pixels: Uint8Array.of(10, 20, 30, 40) };
    const doubled = resample(small, 4);
    expect([...doubled.pixels]).toEqual([10, 10, 20, 20, 10, 10, 20, 20, 30, 30, 40, 40, 30, 30, 40, 40]);
    expect([...resample(small, 1).pixels]).toEqual([25]);
    expect(resample(small, 2)).toBe(small);
  });

  it("keeps the mean, up to rounding, whatever the sides", () => {
    const cases = fc.tuple(fc.integer({ min: 1, max: 9 }).chain(square), fc.integer({ min: 1, max: 12 }));
    const mean = (pixels: Uint8Array): number => pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    fc.assert(
      fc.property(cases, ([source, side]) => {
        expect(Math.abs(mean(resample(source, side).pixels) - mean(source.pixels))).toBeLessThanOrEqual(0.5);
      }),
    );
  });
});
