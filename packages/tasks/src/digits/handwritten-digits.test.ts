import { describe, expect, it } from "vitest";
import { type DigitSet, parseIdx, readHandwrittenDigits } from "./handwritten-digits.ts";

describe("MNIST", () => {
  const { train, test, fingerprint } = readHandwrittenDigits();

  function labelCounts(digits: DigitSet): number[] {
    const counts = new Array<number>(10).fill(0);
    for (let index = 0; index < digits.size; index++) counts[digits.label(index)]!++;
    return counts;
  }

  it("is the original: sizes, label counts and first labels as published", () => {
    expect([train.size, test.size]).toEqual([60_000, 10_000]);
    expect(labelCounts(train)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(labelCounts(test)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect([0, 1, 2, 3, 4].map((index) => train.label(index))).toEqual([5, 0, 4, 1, 9]);
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  it("has its ink centred: the mean pixel and the middle of mass of a digit are where they should be", () => {
    let mass = 0;
    let moment = 0;
    for (const [pixel, ink] of test.pixels(0).entries()) {
      mass += ink;
      moment += ink * Math.floor(pixel / 28);
    }
    expect(Math.abs(moment / mass - 13.5)).toBeLessThan(1);
  });
});

describe("an IDX file", () => {
  const file = (magic: number, size: number, data: number): Uint8Array => {
    const bytes = Buffer.alloc(8 + data);
    bytes.writeUInt32BE(magic, 0);
    bytes.writeUInt32BE(size, 4);
    return bytes;
  };

  it("is its data behind a header that must agree with it", () => {
    expect(parseIdx(file(0x0801, 3, 3), [3], "labels")).toHaveLength(3);
    expect(() => parseIdx(file(0x0803, 3, 3), [3], "labels")).toThrow(/labels is no IDX file of bytes in 1 dimensions/);
    expect(() => parseIdx(file(0x0801, 4, 4), [3], "labels")).toThrow(/labels holds \[4\] bytes; expected are \[3\]/);
    expect(() => parseIdx(file(0x0801, 3, 2), [3], "labels")).toThrow(/labels is truncated: 2 bytes of 3/);
    expect(() => parseIdx(new Uint8Array(3), [3], "labels")).toThrow(/no IDX file/);
  });
});
