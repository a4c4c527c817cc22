import { describe, expect, it } from "vitest";
import { tabularConfiguration } from "../../fixtures/tabular-configuration.ts";
import { planComparison } from "./comparison-plan.ts";
import { chooseContenders } from "./contender.ts";

const { configuration } = tabularConfiguration("/base", {
  algorithm: { use: "vppo", options: { entropyPenalty: 0 } },
  comparison: {
    algorithms: [
      "grpo",
      { use: "dapo", options: { dualClip: 3 } },
      { label: "vppo k=0.2", use: "vppo", options: { filtering: { fraction: 0.2 } } },
    ],
    seeds: [1, 2],
  },
});

describe("the plan of a comparison", () => {
  const members = planComparison(configuration, chooseContenders(configuration, undefined), [1, 2], "/runs/duel");

  it("takes whole seeds one after the other, so that a part of it can be paired", () => {
    expect(members.map(({ directory }) => directory)).toEqual([
      "grpo-seed-1",
      "dapo-seed-1",
      "vppo-k-0.2-seed-1",
      "grpo-seed-2",
      "dapo-seed-2",
      "vppo-k-0.2-seed-2",
    ]);
  });

  it("changes the algorithm and the seed and nothing else", () => {
    for (const { configuration: own } of members) {
      const { algorithm, seed, run, ...rest } = configuration;
      expect(own).toMatchObject(rest);
    }
  });

  it("trains each contender by its algorithm, in a run named after its label", () => {
    expect(members.slice(0, 3).map(({ configuration: { algorithm, run } }) => [run.name, algorithm])).toEqual([
      ["grpo-seed-1", { use: "grpo", options: {} }],
      ["dapo-seed-1", { use: "dapo", options: { dualClip: 3 } }],
      ["vppo-k-0.2-seed-1", { use: "vppo", options: { filtering: { fraction: 0.2 } } }],
    ]);
  });

  it("refuses a seed named twice", () => {
    const contenders = chooseContenders(configuration, ["grpo"]);
    expect(() => planComparison(configuration, contenders, [1, 1], "/runs")).toThrow("seed 1 is named twice");
  });
});
