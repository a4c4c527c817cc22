import { describe, expect, it } from "vitest";
import { overlongPenalty } from "./overlong-penalty.ts";

describe("overlongPenalty", () => {
  const options = { maximumLength: 20480, bufferLength: 4096, factor: 1 };

  it("costs nothing up to the buffer, then falls linearly to -factor at the limit", () => {
    expect(overlongPenalty(16384, options)).toBe(0);
    expect(overlongPenalty(18432, options)).toBe(-0.5);
    expect(overlongPenalty(20480, options)).toBe(-1);
    expect(overlongPenalty(20480, { ...options, factor: 0.25 })).toBe(-0.25);
    expect(overlongPenalty(1, options)).toBe(0);
  });

  it("refuses a buffer that does not fit", () => {
    expect(() => overlongPenalty(1, { maximumLength: 10, bufferLength: 11 })).toThrow(RangeError);
    expect(() => overlongPenalty(1, { maximumLength: 10, bufferLength: 0 })).toThrow(RangeError);
  });
});
