import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { runFovea } from "../../fixtures/run-fovea.ts";
import { tabularInput, temporaryDirectory } from "../../fixtures/tabular-configuration.ts";
import type { MetricsLine } from "../run-directory/accuracy-estimate.ts";
import { readJsonLines } from "../run-directory/json-lines-file.ts";

// Each starts processes of its own, which take their time on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

describe("fovea compare", () => {
  it("trains each algorithm with each seed on the same base, prompts and budget, and goes on where it stopped", async () => {
    const directory = await temporaryDirectory();
    const { run: _, ...input } = tabularInput(directory, {
      algorithm: { use: "vppo", options: { entropyPenalty: 0 } },
      comparison: { algorithms: ["grpo", { use: "dapo", options: { dynamicSampling: false } }], seeds: [1] },
      recorders: [],
    });
    await writeFile(join(directory, "fovea.config.json"), JSON.stringify(input));
    const compare = (...args: string[]) => runFovea(["compare", "--name", "duel", ...args], { cwd: directory });
    const first = await compare();
    expect(first.exitCode, first.stderr).toBe(0);
    const parent = join(directory, "runs", "duel");
    const read = async () => JSON.parse(await readFile(join(parent, "comparison.json"), "utf8"));
    expect(await read()).toMatchObject({
      algorithms: ["grpo", "dapo"],
      seeds: [1],
      summary: [{ algorithm: "grpo" }, { algorithm: "dapo" }],
    });

    // A run that was broken off is resumed, finished ones stay, and seeds and algorithms can be added.
    const status = join(parent, "dapo-seed-1", "status.json");
    await writeFile(status, (await readFile(status, "utf8")).replace("finished", "running"));
    await rm(join(parent, "dapo-seed-1", "checkpoints", "step-6"), { recursive: true });
    const second = await compare("--algorithms", "grpo,dapo,vppo", "--seeds", "1,2", "--jobs", "2");
    expect(second.exitCode, second.stderr).toBe(0);
    const { runs, summary, baseWeights } = await read();
    expect(runs.every((run: { state: string }) => run.state === "finished")).toBe(true);
    expect(runs).toHaveLength(6);
    expect(baseWeights).toMatch(/^[0-9a-f]{64}$/);
    expect(summary[2].differenceToFirst).toMatchObject({ mean: expect.any(Number), low: expect.any(Number) });
    expect(second.stdout).toContain("Student's t 95 % interval");
    expect(await readFile(join(parent, "comparison.md"), "utf8")).toContain("| vppo | 1, 2 |");

    // The first update samples the same rollouts whatever the algorithm: same base, same prompts, same draws.
    const firstUpdates = ["grpo-seed-2", "dapo-seed-2"].map((name) => {
      const [base, update] = readJsonLines<MetricsLine>(join(parent, name, "metrics.jsonl"));
      return [
        base!.metrics,
        update!.metrics["accuracy/sampled-mean"],
        update!.metrics["tokens/total"],
        update!.metrics["behaviour/logprob-mean"],
      ];
    });
    expect(firstUpdates[1]).toEqual(firstUpdates[0]);
    const options = (name: string) =>
      readFile(join(parent, name, "config.json"), "utf8").then((text) => JSON.parse(text).algorithm.options);
    expect(await options("vppo-seed-1")).toMatchObject({ entropyPenalty: 0 });
    expect(await options("dapo-seed-1")).toMatchObject({ dynamicSampling: false });

    const other = await compare("--set", "training.updates=7");
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toContain("holds a comparison of another configuration");
    const changed = await compare("--set", "comparison.algorithms.1.options.clipHigh=0.3");
    expect(changed.stderr).toContain("dapo-seed-1 was trained with other options of its algorithm");
    expect((await compare("--seeds", "1,1")).stderr).toContain("the seed 1 is named twice");
  });
});
