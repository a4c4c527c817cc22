import { GOLDEN_SIZES, goldenAlgorithms, relativeDifference } from "@fovea-rl/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trajectoryDependency } from "./dependency-summary.ts";
import { distributionDependency, k3Dependency } from "./visual-dependency.ts";

describe.each(GOLDEN_SIZES)("golden values, %s", (size) => {
  const { oldLogprobs, perturbedLogprobs, expected } = goldenAlgorithms(size);
  const dependencies = oldLogprobs.map((logprobs, index) => k3Dependency(logprobs, perturbedLogprobs[index]!));

  it("the k3 dependency of each token, each within 1e-5 of itself", () => {
    dependencies.forEach((dependency, index) => {
      dependency.forEach((value, token) => {
        const wanted = expected.vppo.dependency[index]![token]!;
        expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-5 * Math.abs(wanted));
      });
    });
  });

  it("the trajectory dependency", () => {
    const trajectories = dependencies.map(trajectoryDependency);
    expect(relativeDifference(trajectories, expected.vppo.trajectoryDependency)).toBeLessThan(1e-9);
  });
});

const distribution = fc
  .array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
  .map((weights) => {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => Math.log(weight / sum));
  });

describe.each(["kl", "jsd", "top1-drop"] as const)("the dependency %s", (estimator) => {
  it("is zero for an image that changes nothing, and never negative", () => {
    fc.assert(
      fc.property(distribution, distribution, (p, q) => {
        expect(distributionDependency(estimator, p, p, 4)[0]).toBeCloseTo(0, 12);
        expect(distributionDependency(estimator, p, q, 4)[0]).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("is computed for each row by itself, and a token of probability zero adds nothing", () => {
    const p = [Math.log(0.5), Math.log(0.5), Number.NEGATIVE_INFINITY];
    const q = [Math.log(0.25), Math.log(0.5), Math.log(0.25)];
    const both = distributionDependency(estimator, [...p, ...q], [...q, ...q], 3);
    const expected = {
      kl: 0.5 * Math.LN2,
      jsd: 0.5 * (0.5 * Math.log(0.5 / 0.375)) + 0.5 * (0.25 * Math.log(0.25 / 0.375) + 0.25 * Math.log(0.25 / 0.125)),
      "top1-drop": 0.25,
    }[estimator];
    expect(both[0]).toBeCloseTo(expected, 12);
    expect(both[1]).toBeCloseTo(0, 12);
  });
});

describe("the Jensen-Shannon dependency", () => {
  it("is symmetric and at most log 2", () => {
    fc.assert(
      fc.property(distribution, distribution, (p, q) => {
        const there = distributionDependency("jsd", p, q, 4)[0]!;
        expect(there).toBeCloseTo(distributionDependency("jsd", q, p, 4)[0]!, 12);
        expect(there).toBeLessThanOrEqual(Math.LN2);
      }),
    );
  });
});

describe("k3", () => {
  it("is an unbiased estimate of the full divergence over tokens drawn behind the image", () => {
    fc.assert(
      fc.property(distribution, distribution, (p, q) => {
        const estimates = k3Dependency(p, q);
        // The clamp at 10 does not bind: e^d is at most 1 / 0.0025 only where p is small, so leave such pairs out.
        fc.pre(estimates.every((estimate) => estimate < 10));
        const expectation = p.reduce((sum, logprob, token) => sum + Math.exp(logprob) * estimates[token]!, 0);
        expect(expectation).toBeCloseTo(distributionDependency("kl", p, q, 4)[0]!, 9);
      }),
    );
  });

  it("is bounded whatever the image did", () => {
    expect([...k3Dependency([-1000, 0, 0], [0, -1000, 0])]).toEqual([10, 10, 0]);
  });

  it("refuses scores of different lengths", () => {
    expect(() => k3Dependency([0, 0], [0])).toThrow("2 values behind the image, but 1 behind the perturbed one");
  });
});
