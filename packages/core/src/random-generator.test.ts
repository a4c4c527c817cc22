import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { philox4x32, randomGenerator } from "./random-generator.ts";

describe("Philox4x32-10", () => {
  // Known-answer vectors published with the Random123 library (kat_vectors).
  it("matches the published known answers", () => {
    expect(philox4x32([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    const ones = 0xffffffff;
    expect(philox4x32([ones, ones, ones, ones], [ones, ones])).toEqual([
      0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd,
    ]);
    expect(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ]);
  });
});

describe("a stream", () => {
  const key = { seed: 1, purpose: "test", step: 3, promptId: "p", sampleIndex: 2 };

  it("is a function of its key alone", () => {
    const first = randomGenerator(key);
    const second = randomGenerator({ ...key });
    for (let draw = 0; draw < 20; draw++) expect(second.uniform()).toBe(first.uniform());
  });

  it("differs when any part of the key differs", () => {
    const others = [
      { ...key, seed: 2 },
      { ...key, purpose: "test3", step: 0 },
      { ...key, step: 4 },
      { ...key, promptId: "q" },
      { ...key, sampleIndex: 3 },
    ];
    const firstDraws = new Set([key, ...others].map((other) => randomGenerator(other).uniform()));
    expect(firstDraws.size).toBe(others.length + 1);
  });

  it("is uniform in mean and variance, and normal in mean and variance", () => {
    const random = randomGenerator(key);
    const draws = Array.from({ length: 20_000 }, () => random.uniform());
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length;
    expect(mean).toBeCloseTo(0.5, 1.9);
    expect(variance).toBeCloseTo(1 / 12, 2);
    const normals = Array.from({ length: 20_000 }, () => random.normal());
    const normalMean = normals.reduce((sum, draw) => sum + draw, 0) / normals.length;
    const normalVariance = normals.reduce((sum, draw) => sum + (draw - normalMean) ** 2, 0) / normals.length;
    expect(Math.abs(normalMean)).toBeLessThan(0.03);
    expect(Math.abs(normalVariance - 1)).toBeLessThan(0.05);
  });

  it("draws integers within the bound and permutations that hold each index once", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 300 }), (seed, bound) => {
        const random = randomGenerator({ seed, purpose: "integers" });
        const draw = random.integer(bound);
        expect(draw).toBeGreaterThanOrEqual(0);
        expect(draw).toBeLessThan(bound);
        expect([...random.permutation(bound)].sort((a, b) => a - b)).toEqual([...Array(bound).keys()]);
      }),
    );
  });
});
