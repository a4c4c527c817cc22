import { describe, expect, it } from "vitest";
import { bfloat16ToFloat32, float16ToFloat32 } from "./half-precision.ts";

const everyPattern = Uint16Array.from({ length: 0x10000 }, (_, pattern) => pattern);

describe("float16ToFloat32", () => {
  const converted = float16ToFloat32(everyPattern);

  it("gives all 65536 patterns the value that the standard's formula gives", () => {
    const wrong = [...everyPattern].filter((pattern) => {
      const sign = pattern & 0x8000 ? -1 : 1;
      const exponent = (pattern >> 10) & 31;
      const fraction = pattern & 1023;
      const special = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
      const finite =
        exponent === 0 ? sign * (fraction / 1024) * 2 ** -14 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
      return !Object.is(converted[pattern], exponent === 31 ? special : finite);
    });
    expect(wrong).toEqual([]);
  });

  it("is undone by rounding to the nearest binary16", () => {
    // DataView's Float16 accessors are the platform's own conversion.
    const view = new DataView(new ArrayBuffer(2)) as DataView & { setFloat16(offset: number, value: number): void };
    const wrong = [...everyPattern].filter((pattern) => {
      view.setFloat16(0, converted[pattern]!);
      return !Number.isNaN(converted[pattern]) && view.getUint16(0) !== pattern;
    });
    expect(wrong).toEqual([]);
  });
});

describe("bfloat16ToFloat32", () => {
  it("puts each of the 65536 patterns into the upper half of a float32", () => {
    const converted = bfloat16ToFloat32(everyPattern);
    const bits = new Uint32Array(converted.buffer);
    expect([...everyPattern].filter((pattern) => bits[pattern] !== pattern * 0x10000)).toEqual([]);
    expect([converted[0x3f80], converted[0xc000], converted[0x0001]]).toEqual([1, -2, 2 ** -133]);
  });
});
