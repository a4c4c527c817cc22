import { describe, expect, it } from "vitest";
import { tabularConfiguration } from "../../fixtures/tabular-configuration.ts";
import type { ComparedAlgorithmInput } from "../configuration/configuration.ts";
import { chooseContenders } from "./contender.ts";

const narrow = { filtering: { fraction: 0.2 } };
const wide = { filtering: { fraction: 0.6 } };

function choose(algorithms: readonly ComparedAlgorithmInput[], names?: readonly string[]) {
  const algorithm = { use: "vppo", options: { entropyPenalty: 0 } };
  return chooseContenders(
    tabularConfiguration("/base", { algorithm, comparison: { algorithms } }).configuration,
    names,
  );
}

const ablations = [
  { label: "k=0.6", use: "vppo", options: wide },
  { label: "k=0.2", use: "vppo", options: narrow },
  "grpo",
];

describe("the contenders of a comparison", () => {
  it("are those that the configuration lists, in its order, settings of one algorithm by their labels", () => {
    expect(choose(ablations)).toEqual([
      {
        label: "k=0.6",
        algorithm: { use: "vppo", options: wide },
        path: ["comparison", "algorithms", 0],
        directory: "k-0.6",
      },
      {
        label: "k=0.2",
        algorithm: { use: "vppo", options: narrow },
        path: ["comparison", "algorithms", 1],
        directory: "k-0.2",
      },
      {
        label: "grpo",
        algorithm: { use: "grpo", options: {} },
        path: ["comparison", "algorithms", 2],
        directory: "grpo",
      },
    ]);
  });

  it("are chosen by label, or by algorithm if no label is meant", () => {
    expect(choose(ablations, ["k=0.2", "dapo", "vppo"]).map(({ label, algorithm }) => [label, algorithm])).toEqual([
      ["k=0.2", { use: "vppo", options: narrow }],
      ["dapo", { use: "dapo", options: {} }],
      ["vppo", { use: "vppo", options: { entropyPenalty: 0 } }],
    ]);
  });

  it("have the options listed for them, the configured one its own, others their defaults", () => {
    const listed = ["grpo", { use: "dapo", options: { dualClip: 3 } }, { label: "as configured", use: "vppo" }];
    expect(choose(listed).map(({ algorithm }) => algorithm)).toEqual([
      { use: "grpo", options: {} },
      { use: "dapo", options: { dualClip: 3 } },
      { use: "vppo", options: { entropyPenalty: 0 } },
    ]);
  });

  it("name their directories after a package or file by its last part", () => {
    expect(choose([], ["@someone/algo-new", "./mine.ts"]).map(({ directory }) => directory)).toEqual([
      "algo-new",
      "mine.ts",
    ]);
  });

  it("are refused where there is none, or one is named twice", () => {
    expect(() => choose([])).toThrow("name the algorithms to compare");
    expect(() => choose([], ["grpo", "grpo"])).toThrow("the algorithm grpo is named twice");
    expect(() => choose(["vppo", "grpo", { use: "vppo", options: narrow }])).toThrow(
      'comparison.algorithms[0] and comparison.algorithms[2] are both called "vppo": give each a label of its own: { label: "...", use: "vppo"',
    );
    expect(() => choose([{ label: "grpo", use: "vppo" }, "grpo"])).toThrow('are both called "grpo"');
  });

  it("are refused where two would share a directory", () => {
    const labelled = (...labels: string[]) => choose(labels.map((label) => ({ label, use: "vppo" })));
    expect(() => labelled("k=0.2", "k 0.2")).toThrow(
      '"k=0.2" and "k 0.2" would share the run directories k-0.2-seed-...',
    );
    expect(() => labelled("Wide", "wide")).toThrow("would share the run directories");
    expect(() => choose([], ["@one/algo", "@other/algo"])).toThrow("would share the run directories algo-seed-...");
  });
});
