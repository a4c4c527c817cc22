import { type Image, randomGenerator } from "@fovea-rl/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPerturbation, perturbationOptionsSchema } from "./perturbation-options.ts";

const image = fc
  .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }), seed: fc.nat() })
  .map(({ width, height, seed }): Image => {
    const random = randomGenerator({ seed, purpose: "test" });
    return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) };
  });

function perturb(options: unknown, source: Image, seed = 1): Image {
  const perturbation = createPerturbation(perturbationOptionsSchema.parse(options));
  return perturbation.perturb(source, randomGenerator({ seed, purpose: "perturb" }));
}

function plain(width: number, height: number, intensity: number): Image {
  return { width, height, data: new Uint8Array(width * height * 3).fill(intensity) };
}

describe.each(["patch-black", "gaussian-noise", "gaussian-blur", "grey"])("%s", (kind) => {
  it("keeps the size, leaves the original alone, and depends on the seed alone", () => {
    fc.assert(
      fc.property(image, (source) => {
        const before = source.data.slice();
        const perturbed = perturb(kind, source);
        expect([perturbed.width, perturbed.height]).toEqual([source.width, source.height]);
        expect(perturbed.data).toHaveLength(source.data.length);
        expect(source.data).toEqual(before);
        expect(perturb(kind, source)).toEqual(perturbed);
      }),
      { numRuns: 20 },
    );
  });
});

describe("patch-black", () => {
  it("blackens whole patches of the grid, cut off at the edges, and nothing else", () => {
    const perturbed = perturb({ kind: "patch-black", patchSize: 14 }, plain(35, 30, 200));
    const intensityAt = (row: number, column: number) => perturbed.data[(row * 35 + column) * 3];
    for (let row = 0; row < 30; row++) {
      for (let column = 0; column < 35; column++) {
        const corner = intensityAt(row - (row % 14), column - (column % 14));
        expect(intensityAt(row, column)).toBe(corner);
        expect([0, 200]).toContain(corner);
      }
    }
  });

  it("blackens the asked share of patches", () => {
    const share = (probability: number) => {
      const { data } = perturb({ kind: "patch-black", patchSize: 1, probability }, plain(100, 100, 255));
      return data.filter((value) => value === 0).length / data.length;
    };
    expect(share(0)).toBe(0);
    expect(share(1)).toBe(1);
    expect(Math.abs(share(0.5) - 0.5)).toBeLessThan(0.02);
    expect(Math.abs(share(0.2) - 0.2)).toBeLessThan(0.02);
  });

  it("draws anew for another seed", () => {
    expect(perturb("patch-black", plain(140, 140, 9), 1)).not.toEqual(perturb("patch-black", plain(140, 140, 9), 2));
  });
});

describe("gaussian-noise", () => {
  it("has the asked standard deviation around the original", () => {
    const { data } = perturb({ kind: "gaussian-noise", standardDeviation: 10 }, plain(100, 100, 128));
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
    expect(Math.abs(mean - 128)).toBeLessThan(0.3);
    expect(Math.abs(Math.sqrt(variance) - 10)).toBeLessThan(0.3);
  });

  it("is cut at black and white, not wrapped around", () => {
    const { data } = perturb("gaussian-noise", plain(50, 50, 255));
    // Half of the draws are positive and stay white.
    expect(data.filter((value) => value === 255).length / data.length).toBeGreaterThan(0.45);
  });
});

describe("gaussian-blur", () => {
  it("leaves a plain image as it is, up to its edges", () => {
    expect(perturb("gaussian-blur", plain(9, 7, 77))).toEqual(plain(9, 7, 77));
  });

  it("spreads one white pixel into the Gaussian of its radius", () => {
    const size = 41;
    const source = plain(size, size, 0);
    source.data.set([255, 255, 255], (20 * size + 20) * 3);
    const { data } = perturb({ kind: "gaussian-blur", radius: 1 }, source);
    const at = (row: number, column: number) => data[(row * size + column) * 3]!;
    const expected = (distance: number) => (255 / (2 * Math.PI)) * Math.exp(-(distance ** 2) / 2);
    expect(Math.abs(at(20, 20) - expected(0))).toBeLessThan(1);
    expect(Math.abs(at(20, 21) - expected(1))).toBeLessThan(1);
    expect(Math.abs(at(21, 21) - expected(Math.SQRT2))).toBeLessThan(1);
    expect(at(20, 26)).toBe(0);
  });
});

describe("grey", () => {
  it("leaves nothing but the grey", () => {
    expect(new Set(perturb("grey", plain(5, 5, 3)).data)).toEqual(new Set([128]));
    expect(new Set(perturb({ kind: "grey", intensity: 9 }, plain(5, 5, 3)).data)).toEqual(new Set([9]));
  });
});

describe("perturbationOptionsSchema", () => {
  it("takes a name or a name with settings, with the published defaults", () => {
    expect(perturbationOptionsSchema.parse("patch-black")).toEqual({
      kind: "patch-black",
      patchSize: 14,
      probability: 0.5,
    });
    expect(perturbationOptionsSchema.parse("gaussian-noise")).toEqual({
      kind: "gaussian-noise",
      standardDeviation: 189,
    });
    expect(perturbationOptionsSchema.parse("gaussian-blur")).toEqual({ kind: "gaussian-blur", radius: 6 });
    expect(perturbationOptionsSchema.parse({ kind: "grey" })).toEqual({ kind: "grey", intensity: 128 });
  });

  it.each(["blur", { kind: "grey", intensity: 300 }, { kind: "patch-black", patchsize: 3 }])(
    "refuses %j",
    (options) => {
      expect(perturbationOptionsSchema.safeParse(options).success).toBe(false);
    },
  );
});
