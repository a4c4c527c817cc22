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

  it("tells two settings of one algorithm apart by their labels, in tables, files and when it goes on", async () => {
    const directory = await temporaryDirectory();
    const { run: _, ...input } = tabularInput(directory, { recorders: [], comparison: { seeds: [1] } });
    const ablation = (fraction: number) => ({
      label: `vppo k=${fraction}`,
      use: "vppo",
      options: { filtering: { fraction } },
    });
    const write = (algorithms: readonly object[]) =>
      writeFile(
        join(directory, "fovea.config.json"),
        JSON.stringify({ ...input, comparison: { ...input.comparison, algorithms } }),
      );
    const compare = (...args: string[]) => runFovea(["compare", "--name", "ablation", ...args], { cwd: directory });
    await write([ablation(1), ablation(0.2)]);
    const first = await compare();
    expect(first.exitCode, first.stderr).toBe(0);
    expect(first.stderr).toMatch(/^\[2\/2\] vppo k=0\.2 seed 1: finished, /m);
    for (const label of ["vppo k=1", "vppo k=0.2"]) expect(first.stdout).toContain(` ${label} `);
    const parent = join(directory, "runs", "ablation");
    const read = async () => JSON.parse(await readFile(join(parent, "comparison.json"), "utf8"));
    expect(await read()).toMatchObject({
      contenders: [
        { label: "vppo k=1", algorithm: "vppo", options: { filtering: { fraction: 1 } } },
        { label: "vppo k=0.2", algorithm: "vppo", options: { filtering: { fraction: 0.2 } } },
      ],
      runs: [
        { label: "vppo k=1", algorithm: "vppo", directory: "vppo-k-1-seed-1", state: "finished" },
        { label: "vppo k=0.2", algorithm: "vppo", directory: "vppo-k-0.2-seed-1", state: "finished" },
      ],
      summary: [
        { label: "vppo k=1", differenceToFirst: null },
        { label: "vppo k=0.2", differenceToFirst: { mean: expect.any(Number) } },
      ],
    });
    expect(await readFile(join(parent, "comparison.md"), "utf8")).toContain(
      '| vppo k=0.2 | vppo | `{"filtering":{"fraction":0.2}}` |',
    );
    // They did learn from different shares of the tokens.
    const lastOf = (name: string) => readJsonLines<MetricsLine>(join(parent, name, "metrics.jsonl")).at(-2)!.metrics;
    expect(lastOf("vppo-k-1-seed-1")).not.toEqual(lastOf("vppo-k-0.2-seed-1"));

    // One of them alone, with one seed more: what is finished stays as it is.
    const finished = await readFile(join(parent, "vppo-k-0.2-seed-1", "status.json"), "utf8");
    const second = await compare("--algorithms", "vppo k=0.2", "--seeds", "1,2");
    expect(second.exitCode, second.stderr).toBe(0);
    expect(await readFile(join(parent, "vppo-k-0.2-seed-1", "status.json"), "utf8")).toBe(finished);
    expect((await read()).summary).toMatchObject([{ label: "vppo k=0.2", seeds: [1, 2] }]);

    const unknown = await compare("--algorithms", "vppo k=0.3");
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toMatch(
      /the algorithm "vppo k=0\.3" was found neither .*; labels of this configuration: vppo k=1, vppo k=0\.2$/m,
    );
    await write([ablation(1), { ...ablation(0.2), options: { filtering: { fraction: 0.3 } } }]);
    expect((await compare()).stderr).toContain("vppo-k-0.2-seed-1 was trained with other options of its algorithm");
    await write([ablation(1), { label: "vppo k=0.2", use: "dapo" }]);
    expect((await compare()).stderr).toContain(
      'vppo-k-0.2-seed-1 was trained by vppo, and "vppo k=0.2" is dapo in this comparison',
    );
    await write([ablation(1), { label: "typing", use: "vpo" }]);
    expect((await compare()).stderr).toMatch(
      /"typing" of this comparison: the algorithm "vpo" was found neither .* did you mean "vppo"/,
    );
    await write([{ label: "typing", use: "vppo", options: { filterng: false } }]);
    expect((await compare()).stderr).toContain("comparison.algorithms[0].options.filterng is not an option");
    await write([ablation(1), ablation(1)]);
    expect((await compare()).stderr).toContain('are both called "vppo k=1": give each a label of its own');
  });
});
