import {
  evaluateGolden,
  GOLDEN_SIZES,
  goldenAlgorithms,
  goldenGroups,
  goldenPolicy,
  relativeDifference,
} from "@fovea-rl/testkit";
import { describe, expect, it } from "vitest";
import grpo, { type GrpoOptions, grpoAdvantage, grpoLoss, grpoOptionsSchema } from "./index.ts";

describe.each(GOLDEN_SIZES)("golden values, %s", (size) => {
  const golden = goldenAlgorithms(size);

  it.each<["grpo" | "grpo-no-kl", Partial<GrpoOptions>]>([
    ["grpo", {}],
    ["grpo-no-kl", { klCoefficient: 0 }],
  ])("the loss %s and its gradient", async (name, changed) => {
    const options = grpoOptionsSchema.parse(changed);
    const { evaluation } = await evaluateGolden(
      golden,
      grpoAdvantage(options, goldenPolicy(golden)),
      grpoLoss(options),
    );
    expect(relativeDifference(evaluation.loss, golden.expected[name].loss)).toBeLessThan(1e-5);
    expect(relativeDifference(evaluation.gradients, golden.expected[name].gradient)).toBeLessThan(1e-5);
  });

  it.each([
    ["grpo", "group-normalised"],
    ["drGrpo", "mean-centred"],
    ["rloo", "leave-one-out"],
  ] as const)("the advantage %s", async (name, advantage) => {
    const options = grpoOptionsSchema.parse({ advantage, klCoefficient: 0 });
    const { output } = await evaluateGolden(golden, grpoAdvantage(options, goldenPolicy(golden)), grpoLoss(options));
    const perRollout = output.credit.flat().map(({ advantages }) => advantages[0]!);
    expect(relativeDifference(perRollout, golden.expected.advantages[name])).toBeLessThan(1e-5);
  });
});

describe("the reference policy", () => {
  const golden = goldenAlgorithms("small");
  const estimate = async (changed: Partial<GrpoOptions>, step: number) => {
    const calls: string[] = [];
    const policy = goldenPolicy(golden);
    const advantage = grpoAdvantage(grpoOptionsSchema.parse(changed), {
      score(requests, options) {
        calls.push(`score ${options?.model}`);
        return policy.score(requests, options);
      },
      async refreshReference() {
        calls.push("refresh");
      },
    });
    await advantage.estimate({ groups: goldenGroups(golden), miniBatches: [[0, 1]], step, seed: 0 });
    return calls;
  };

  it("costs nothing, and need not exist, without a KL penalty", async () => {
    expect(await estimate({ klCoefficient: 0, referenceRefresh: 1 }, 1)).toEqual([]);
    expect(grpo.requirements(grpoOptionsSchema.parse({ klCoefficient: 0 }))).not.toContain("reference-policy");
    expect(grpo.requirements(grpoOptionsSchema.parse({}))).toContain("reference-policy");
  });

  it("is refreshed every so many updates, before it scores", async () => {
    expect(await estimate({ referenceRefresh: 10 }, 0)).toEqual(["score reference"]);
    expect(await estimate({ referenceRefresh: 10 }, 9)).toEqual(["score reference"]);
    expect(await estimate({ referenceRefresh: 10 }, 10)).toEqual(["refresh", "score reference"]);
    expect(await estimate({}, 10)).toEqual(["score reference"]);
  });
});

describe("grpoOptionsSchema", () => {
  it("has the paper's numbers as defaults", () => {
    expect(grpoOptionsSchema.parse({})).toEqual({
      advantage: "group-normalised",
      clipLow: 0.2,
      clipHigh: 0.2,
      dualClip: null,
      aggregation: "sequence-mean-token-mean",
      klCoefficient: 0.01,
      klEstimator: "k3",
      referenceRefresh: 0,
      entropyPenalty: 0,
    });
  });

  it.each([{ clipHihg: 0.3 }, { klCoefficient: -1 }, { aggregation: { constant: 0 } }, { advantage: "std" }])(
    "refuses %j",
    (options) => {
      expect(grpoOptionsSchema.safeParse(options).success).toBe(false);
    },
  );
});
