import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trajectoryShaping } from "./index.ts";
import { shapeByScope } from "./trajectory-shaping.ts";

const dependencies = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1, maxLength: 40 });
const dynamic = { betaMin: 0.9, betaMax: "dynamic" } as const;

describe("trajectoryShaping", () => {
  it("has a mean factor of 1 with the dynamic range", () => {
    fc.assert(
      fc.property(dependencies, fc.double({ min: 0, max: 1, noNaN: true }), (values, betaMin) => {
        const { factors } = trajectoryShaping(values, { betaMin, betaMax: "dynamic" });
        expect(factors.reduce((sum, factor) => sum + factor, 0) / factors.length).toBeCloseTo(1, 9);
      }),
    );
  });

  it("gives betaMin to the rollout that looks least and betaMax to the one that looks most", () => {
    expect([...trajectoryShaping([0.1, 0.3, 0.2], { betaMin: 0.8, betaMax: 1.2 }).factors]).toEqual([
      0.8,
      1.2,
      expect.closeTo(1, 9),
    ]);
  });

  it("is 1 where dependencies do not differ, or there are none", () => {
    expect([...trajectoryShaping([0.2, 0.2 + 1e-7], { betaMin: 0.5, betaMax: 2 }).factors]).toEqual([1, 1]);
    expect([...trajectoryShaping([0.3], dynamic).factors]).toEqual([1]);
    expect([...trajectoryShaping([], dynamic).factors]).toEqual([]);
  });

  it("permutes with the rollouts", () => {
    fc.assert(
      fc.property(dependencies, (values) => {
        const { factors } = trajectoryShaping(values, dynamic);
        const reversed = trajectoryShaping(values.toReversed(), dynamic).factors.toReversed();
        factors.forEach((factor, index) => {
          expect(reversed[index]).toBeCloseTo(factor, 9);
        });
      }),
    );
  });
});

describe("the scope of normalisation", () => {
  const trajectories = [[0, 1], undefined, [0, 10], [5, 5]];
  const miniBatches = [
    [0, 1],
    [2, 3],
  ];
  const range = { betaMin: 0.5, betaMax: 1.5, target: "advantage" } as const;
  const factors = (scope: "mini-batch" | "batch" | "group") => {
    const { factor } = shapeByScope(trajectories, miniBatches, { ...range, scope });
    return trajectories.map((_, group) => [factor(group, 0), factor(group, 1)]);
  };

  it("is the optimiser's mini-batch, the whole batch or the group, and leaves prompts without images at 1", () => {
    expect(factors("mini-batch")).toEqual([
      [0.5, 1.5],
      [1, 1],
      [0.5, 1.5],
      [1, 1],
    ]);
    expect(factors("batch")).toEqual([
      [0.5, expect.closeTo(0.6, 9)],
      [1, 1],
      [0.5, 1.5],
      [1, 1],
    ]);
    expect(factors("group")).toEqual([
      [0.5, 1.5],
      [1, 1],
      [0.5, 1.5],
      [1, 1],
    ]);
  });
});
