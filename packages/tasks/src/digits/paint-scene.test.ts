import { describe, expect, it } from "vitest";
import { DIGIT_SIDE, type DigitSet } from "./handwritten-digits.ts";
import { paintScene } from "./paint-scene.ts";
import type { PlacedDigit } from "./scene.ts";

/** Scans with one dot of ink in the middle, at (14, 14), as dark as their index. */
const dots: DigitSet = {
  size: 256,
  pixels: (index) => {
    const pixels = new Uint8Array(DIGIT_SIDE * DIGIT_SIDE);
    pixels[14 * DIGIT_SIDE + 14] = index;
    return pixels;
  },
  label: () => 0,
};

const digit = (place: PlacedDigit["place"], change: Partial<PlacedDigit> = {}): PlacedDigit => {
  return { place, index: 200, value: 0, offsetX: 0, offsetY: 0, contrast: 1, ...change };
};

function inked(scene: readonly PlacedDigit[], level: "pair" | "quad", scale = 1): Record<string, number> {
  const { width, data } = paintScene(scene, dots, level, 40, scale);
  const found: Record<string, number> = {};
  for (let pixel = 0; pixel < data.length / 3; pixel++) {
    expect(data[3 * pixel + 1]).toBe(data[3 * pixel]);
    expect(data[3 * pixel + 2]).toBe(data[3 * pixel]);
    if (data[3 * pixel] !== 0) found[`${pixel % width},${Math.floor(pixel / width)}`] = data[3 * pixel]!;
  }
  return found;
}

describe("a painted scene", () => {
  it("shows a pair side by side and a quad in a grid", () => {
    expect(inked([digit("left"), digit("right")], "pair")).toEqual({ "10,20": 200, "30,20": 200 });
    const quad = [digit("top left"), digit("top right"), digit("bottom left"), digit("bottom right")];
    expect(inked(quad, "quad")).toEqual({ "10,10": 200, "30,10": 200, "10,30": 200, "30,30": 200 });
  });

  it("moves digits by their offsets and dims them by their contrast", () => {
    const moved = digit("left", { offsetX: -3, offsetY: 5, contrast: 0.5 });
    expect(inked([moved], "pair")).toEqual({ "7,25": 100 });
  });

  it("shows the brighter ink where digits overlap, and cuts off what leaves the image", () => {
    const dark = digit("left", { index: 90, offsetX: 10 });
    const bright = digit("right", { offsetX: -10 });
    expect(inked([bright, dark], "pair")).toEqual({ "20,20": 200 });
    expect(inked([digit("left", { offsetX: -11 }), digit("left", { offsetY: 20 })], "pair")).toEqual({});
  });

  it("scales digits about the middle of their place", () => {
    expect(inked([digit("left")], "pair", 2)).toEqual({ "10,20": 200, "11,20": 200, "10,21": 200, "11,21": 200 });
  });
});
