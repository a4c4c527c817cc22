import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseRollout } from "@fovea-rl/run-records";
import { describe, expect, it } from "vitest";
import { tabularInput, temporaryDirectory } from "../../fixtures/tabular-configuration.ts";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import { writeJson } from "../run-directory/write-file-atomically.ts";
import { train } from "../training/train.ts";
import { type PerceiveOptions, perceiveRun } from "./perceive-run.ts";

const options: PerceiveOptions = {
  prompts: 6,
  samples: 2,
  estimator: "k3",
  perturbation: "grey",
  overrides: [],
};

async function trainedRun(): Promise<string> {
  const directory = await temporaryDirectory();
  const file = join(directory, "config.json");
  // An algorithm that measures no dependency itself.
  await writeJson(file, tabularInput(directory, { algorithm: "grpo" }));
  return (await train(await loadConfiguration(file))).directory;
}

describe("perceiveRun", () => {
  it("writes each rollout with its dependency and images, and numbers that agree with them", async () => {
    const run = await trainedRun();
    const { result, path } = await perceiveRun(run, options);
    expect(result).toMatchObject({ step: 6, prompts: 6, samplesPerPrompt: 2, perception: { estimator: "k3" } });
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual(JSON.parse(JSON.stringify(result)));
    const lines = (await readFile(join(run, "perception", "step-6.jsonl"), "utf8")).trimEnd().split("\n");
    const rollouts = lines.map((line) => parseRollout(line)!);
    expect(rollouts).toHaveLength(12);
    const dependencies = rollouts.flatMap(({ columns }) => columns["dependency"]!);
    const mean = dependencies.reduce((sum, value) => sum + value, 0) / dependencies.length;
    expect(result.profile.overall.tokens).toBe(dependencies.length);
    expect(result.profile.overall.mean).toBeCloseTo(mean, 6);
    for (const { columns, tokenTexts } of rollouts) {
      // ceil(0.4 T) tokens, and none of the others looks more.
      const weights = columns["tokenWeights"]!;
      expect(weights.filter((weight) => weight === 1)).toHaveLength(Math.ceil(0.4 * tokenTexts.length - 1e-12));
      const of = (weight: number) => columns["dependency"]!.filter((_, token) => weights[token] === weight);
      expect(Math.max(0, ...of(0))).toBeLessThanOrEqual(Math.min(...of(1)));
    }
    for (const { images, perturbedImages, advantages } of rollouts) {
      expect(perturbedImages).not.toEqual(images);
      expect(advantages).toBeUndefined();
      expect((await readFile(join(run, "perception", perturbedImages![0]!))).subarray(1, 4).toString()).toBe("PNG");
    }
    expect(await readFile(join(run, "perception", "step-6.csv"), "utf8")).toContain(`all,,12,${dependencies.length},`);
  });

  it("measures the checkpoint it is pointed at, the same each time", async () => {
    const run = await trainedRun();
    const first = await perceiveRun(join(run, "checkpoints", "step-4"), options);
    expect(first.result.step).toBe(4);
    const again = await perceiveRun(run, { ...options, step: 4, name: "step-4-again" });
    expect(again.result.profile.overall).toEqual(first.result.profile.overall);
    expect((await perceiveRun(run, options)).result.profile.overall).not.toEqual(first.result.profile.overall);
  });

  it("marks as large a share of the tokens as asked", async () => {
    const run = await trainedRun();
    const { result } = await perceiveRun(run, { ...options, fraction: 1 });
    expect(result.pivotalFraction).toBe(1);
    const text = await readFile(join(run, "perception", "step-6.jsonl"), "utf8");
    const rollouts = text
      .trimEnd()
      .split("\n")
      .map((line) => parseRollout(line)!);
    expect(new Set(rollouts.flatMap(({ columns }) => columns["tokenWeights"]!))).toEqual(new Set([1]));
    await expect(perceiveRun(run, { ...options, fraction: 1.5 })).rejects.toThrow(
      "--fraction must be above 0 and at most 1",
    );
  });

  it("refuses a name of another step, and a step beside a checkpoint of another", async () => {
    const run = await trainedRun();
    await expect(perceiveRun(run, { ...options, name: "mine" })).rejects.toThrow("--name must begin with step-6-");
    await expect(perceiveRun(join(run, "checkpoints", "step-4"), { ...options, step: 6 })).rejects.toThrow(
      "is the checkpoint of step 4: leave out --step 6",
    );
  });
});
