import type { RolloutGroup } from "@fovea-rl/core";
import { evaluateGolden, GOLDEN_SIZES, goldenAlgorithms, goldenGroups, relativeDifference } from "@fovea-rl/testkit";
import { describe, expect, it } from "vitest";
import { dapoAdvantage, dapoLoss, dapoOptionsSchema, dynamicSampling, overlongShaping } from "./index.ts";

describe.each(GOLDEN_SIZES)("golden values, %s", (size) => {
  const golden = goldenAlgorithms(size);

  it.each([
    ["dapo", { dualClip: 3 }],
    ["dapo-entropy", { dualClip: 3, entropyPenalty: 0.06 }],
    ["aggregation:token-mean", {}],
    ["aggregation:sequence-mean-token-mean", { aggregation: "sequence-mean-token-mean" }],
    ["aggregation:sequence-mean-token-sum", { aggregation: "sequence-mean-token-sum" }],
    [
      "aggregation:constant",
      { aggregation: { constant: Number(golden.expected["aggregation:constant"].config?.["constant"]) } },
    ],
  ] as const)("the loss %s and its gradient", async (name, options) => {
    const { evaluation } = await evaluateGolden(golden, dapoAdvantage, dapoLoss(options));
    expect(relativeDifference(evaluation.loss, golden.expected[name].loss)).toBeLessThan(1e-5);
    expect(relativeDifference(evaluation.gradients, golden.expected[name].gradient)).toBeLessThan(1e-5);
  });
});

function graded(accuracies: readonly (number | undefined)[]): RolloutGroup {
  const group = goldenGroups(goldenAlgorithms("small"))[0]!;
  const rollouts = accuracies.map((accuracy) => ({
    ...group.rollouts[0]!,
    verdict: { reward: 0, components: accuracy === undefined ? {} : { accuracy } },
  }));
  return { ...group, rollouts };
}

describe("dynamic sampling", () => {
  const filter = dynamicSampling({ minimumAccuracy: 0.01, maximumAccuracy: 0.99, maximumRounds: 10 });

  it("keeps the groups that are neither all right nor all wrong", () => {
    expect(filter.accept(graded([0, 0, 0]))).toBe(false);
    expect(filter.accept(graded([1, 1, 1]))).toBe(false);
    expect(filter.accept(graded([0, 1, 0]))).toBe(true);
    expect(filter.maximumSamplingRounds).toBe(10);
  });

  it("says what is missing when no verifier grades accuracy", () => {
    expect(() => filter.accept(graded([undefined]))).toThrow('component "accuracy", which no verifier gave');
  });
});

describe("overlong shaping", () => {
  it("lowers the reward of long answers, says by how much, and keeps the other components", () => {
    const rollout = { ...graded([1]).rollouts[0]!, tokens: new Int32Array(9) };
    const shaping = overlongShaping({ maximumLength: 10, bufferLength: 4, factor: 2 });
    expect(shaping.shape(rollout, graded([]).prompt)).toEqual({
      reward: -1.5,
      components: { accuracy: 1, "overlong-penalty": -1.5 },
    });
  });
});

describe("dapoOptionsSchema", () => {
  it("has the paper's numbers as defaults", () => {
    expect(dapoOptionsSchema.parse({})).toEqual({
      clipLow: 0.2,
      clipHigh: 0.28,
      dualClip: null,
      aggregation: "token-mean",
      dynamicSampling: { minimumAccuracy: 0.01, maximumAccuracy: 0.99, maximumRounds: 10 },
      overlong: false,
      entropyPenalty: 0,
    });
  });

  it("switches dynamic sampling off by one line", () => {
    expect(dapoOptionsSchema.parse({ dynamicSampling: false }).dynamicSampling).toBe(false);
  });
});
