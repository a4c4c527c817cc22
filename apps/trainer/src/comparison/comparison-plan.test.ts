import { describe, expect, it } from "vitest";
import { tabularConfiguration } from "../../fixtures/tabular-configuration.ts";
import { planComparison } from "./comparison-plan.ts";

const { configuration } = tabularConfiguration("/base", {
  algorithm: { use: "vppo", options: { entropyPenalty: 0 } },
  comparison: { algorithms: ["grpo", { use: "dapo", options: { dualClip: 3 } }, "vppo"], seeds: [1, 2] },
});

describe("the plan of a comparison", () => {
  const members = planComparison(configuration, ["grpo", "dapo", "vppo"], [1, 2], "/runs/duel");

  it("takes whole seeds one after the other, so that a part of it can be paired", () => {
    expect(members.map(({ directory }) => directory)).toEqual([
      "grpo-seed-1",
      "dapo-seed-1",
      "vppo-seed-1",
      "grpo-seed-2",
      "dapo-seed-2",
      "vppo-seed-2",
    ]);
  });

  it("changes the algorithm and the seed and nothing else", () => {
    for (const { configuration: own } of members) {
      const { algorithm, seed, run, ...rest } = configuration;
      expect(own).toMatchObject(rest);
    }
  });

  it("gives each algorithm the options listed for it, the configured one its own, others their defaults", () => {
    expect(members.slice(0, 3).map(({ configuration: own }) => own.algorithm)).toEqual([
      { use: "grpo", options: {} },
      { use: "dapo", options: { dualClip: 3 } },
      { use: "vppo", options: { entropyPenalty: 0 } },
    ]);
  });

  it("refuses no algorithm, and one or a seed named twice", () => {
    expect(() => planComparison(configuration, [], [1], "/runs")).toThrow("name the algorithms to compare");
    expect(() => planComparison(configuration, ["grpo", "grpo"], [1], "/runs")).toThrow("grpo is named twice");
    expect(() => planComparison(configuration, ["grpo"], [1, 1], "/runs")).toThrow("seed 1 is named twice");
  });
});
