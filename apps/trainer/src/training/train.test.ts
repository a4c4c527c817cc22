import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decode } from "fast-png";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { deterministicContents } from "../../fixtures/run-contents.ts";
import { tabularConfiguration, temporaryDirectory } from "../../fixtures/tabular-configuration.ts";
import { decodeEvents } from "../recorders/event-file.ts";
import type { RolloutLine } from "../recorders/rollout-line.ts";
import type { MetricsLine } from "../run-directory/accuracy-estimate.ts";
import { readJsonLines } from "../run-directory/json-lines-file.ts";
import { readStatus } from "../run-directory/run-status.ts";
import { InterruptedError } from "./interrupted-error.ts";
import { resumeTraining, train } from "./train.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

describe("a training run", () => {
  let run: string;
  let lines: MetricsLine[];

  beforeAll(async () => {
    const { directory } = await train(
      tabularConfiguration(await temporaryDirectory(), { rewards: ["boxed-answer", { use: "format", weight: 0.1 }] }),
    );
    run = directory;
    lines = readJsonLines<MetricsLine>(join(run, "metrics.jsonl"));
  });

  it("evaluates the base, then alternates updates and evaluations as configured", () => {
    expect(lines.map(({ kind, step }) => `${kind} ${step}`)).toEqual([
      "evaluation 0",
      "update 1",
      "update 2",
      "evaluation 2",
      "update 3",
      "update 4",
      "evaluation 4",
      "update 5",
      "update 6",
      "evaluation 6",
    ]);
    expect(
      lines.filter(({ kind }) => kind === "evaluation").map(({ metrics }) => metrics["evaluation/prompts"]),
    ).toEqual([16, 8, 8, 16]);
  });

  it("has every metric that the format page lists for an update, and those of the algorithm", () => {
    const { metrics } = lines[1]!;
    const page = fileURLToPath(new URL("../../../../docs/run-directory.md", import.meta.url));
    return readFile(page, "utf8").then((text) => {
      const table = text.slice(text.indexOf("| metric of an update"), text.indexOf("The Advantage and the Loss"));
      const names = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) =>
        [...cell!.matchAll(/`([^`<]+)`/g)].map(([, name]) => name!),
      );
      expect(names.length).toBeGreaterThan(25);
      expect(Object.keys(metrics)).toEqual(expect.arrayContaining(names));
      expect(metrics).toHaveProperty(["components/format"]);
      expect(Object.keys(metrics).some((name) => name.startsWith("dependency/"))).toBe(true);
      expect(Object.keys(metrics).some((name) => name.startsWith("ratio/"))).toBe(true);
    });
  });

  it("adds up: tokens, prompts and rewards agree with the rollouts", () => {
    const updates = lines.filter(({ kind }) => kind === "update");
    const sampled = updates.map(({ metrics }) => metrics["sampling/groups"]!);
    expect(updates.at(-1)!.metrics["prompts/total"]).toBe(sampled.reduce((sum, groups) => sum + groups, 0));
    for (const { metrics } of updates) {
      expect(metrics["reward/mean"]).toBeCloseTo(metrics["accuracy/mean"]! + 0.1 * metrics["components/format"]!, 10);
      expect(metrics["sampling/acceptance-rate"]).toBeCloseTo(
        metrics["sampling/accepted-groups"]! / metrics["sampling/groups"]!,
        12,
      );
      expect(metrics["tokens/response"]! / 16).toBeCloseTo(metrics["response/length-mean"]!, 10);
    }
  });

  it("writes timings apart, one line for each of metrics", () => {
    const timings = readJsonLines<{ kind: string; step: number; timings: Record<string, number> }>(
      join(run, "timings.jsonl"),
    );
    expect(timings.map(({ kind, step }) => [kind, step])).toEqual(lines.map(({ kind, step }) => [kind, step]));
    expect(Object.keys(timings[1]!.timings)).toEqual(
      expect.arrayContaining(
        ["sample", "verify", "advantage", "gradient", "step", "update"].map((phase) => `time/${phase}-seconds`),
      ),
    );
  });

  it("writes rollouts token by token, with their images", async () => {
    const recorded = readJsonLines<RolloutLine>(join(run, "rollouts", "step-1.jsonl"));
    expect(recorded).toHaveLength(16);
    for (const line of recorded) {
      const T = line.tokens.length;
      expect(line.tokenTexts).toHaveLength(T);
      for (const values of [line.behaviourLogprobs, line.entropies!, line.advantages, ...Object.values(line.columns)]) {
        expect(values).toHaveLength(T);
        expect(values.every(Number.isFinite)).toBe(true);
      }
      expect(line.columns).toHaveProperty("dependency");
      const { width, height, channels } = decode(await readFile(join(run, "rollouts", line.images[0]!)));
      expect([width, height, channels]).toEqual([8, 8, 3]);
    }
    expect(await readdir(join(run, "rollouts"))).toEqual(["images", "step-1.jsonl", "step-6.jsonl"]);
  });

  it("writes event files that decode to the same numbers", async () => {
    const [file] = await readdir(join(run, "tensorboard"));
    const events = decodeEvents(await readFile(join(run, "tensorboard", file!)));
    expect(events[0]!.fileVersion).toBe("brain.Event:2");
    const scalars = events
      .slice(1)
      .map(
        ({ step, summary }) =>
          [step ?? 0, new Map(summary!.value.map(({ tag, simpleValue }) => [tag, simpleValue]))] as const,
      );
    expect(scalars.map(([step]) => step)).toEqual(lines.map(({ step }) => step));
    expect(scalars[1]![1].get("reward/mean")).toBe(Math.fround(lines[1]!.metrics["reward/mean"]!));
    expect(scalars[1]![1].has("time/update-seconds")).toBe(true);
  });

  it("keeps the newest checkpoints, and says where it stands and what it was made of", async () => {
    expect((await readdir(join(run, "checkpoints"))).sort()).toEqual(["step-4", "step-6"]);
    const status = readStatus(join(run, "status.json"))!;
    expect(status).toMatchObject({
      state: "finished",
      step: 6,
      updates: 6,
      before: { prompts: 16 },
      after: { prompts: 16 },
    });
    const manifest = JSON.parse(await readFile(join(run, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({
      algorithm: "vppo",
      task: "tabular",
      seed: 1,
      policy: { name: "tabular", backend: "cpu" },
    });
    expect(Object.keys(manifest.packages)).toEqual(
      expect.arrayContaining([
        "@fovea-rl/trainer",
        "@fovea-rl/core",
        "@fovea-rl/algo-vppo",
        "@fovea-rl/testkit",
        "@tensorflow/tfjs-core",
      ]),
    );
    expect(manifest.baseWeights).toMatch(/^[0-9a-f]{64}$/);
  });

  it("repeated from its own config.json gives identical metrics, rollouts and weights", async () => {
    const { loadConfiguration } = await import("../configuration/load-configuration.ts");
    const again = await train(await loadConfiguration(join(run, "config.json"), ["run.name=again"]));
    expect(deterministicContents(again.directory, 6)).toEqual(deterministicContents(run, 6));
  });

  it("with another seed samples something else", async () => {
    const other = await train(tabularConfiguration(await temporaryDirectory(), { seed: 2 }));
    const metrics = readJsonLines<MetricsLine>(join(other.directory, "metrics.jsonl"));
    expect(metrics[1]!.metrics["behaviour/logprob-mean"]).not.toBe(lines[1]!.metrics["behaviour/logprob-mean"]);
    expect(metrics[0]!.metrics).toMatchObject({ "evaluation/accuracy": lines[0]!.metrics["evaluation/accuracy"] });
  });
});

describe("learning", () => {
  it.each(["grpo", "dapo", "vppo"])("%s teaches the policy to find the brightest quadrant", async (algorithm) => {
    const { status } = await train(
      tabularConfiguration(await temporaryDirectory(), {
        algorithm,
        recorders: [],
        training: {
          updates: 40,
          promptsPerUpdate: 16,
          rolloutsPerPrompt: 8,
          miniBatchesPerUpdate: 2,
          learningRate: { peak: 0.1 },
        },
        evaluation: { prompts: 64 },
        checkpoints: { everyUpdates: 0 },
      }),
    );
    expect(status.before!.accuracy).toBeLessThan(0.5);
    expect(status.after!.accuracy).toBeGreaterThan(0.9);
  });
});

describe("a loss that is not finite", () => {
  it("stops the run, names the step and the rollouts, and keeps the last good checkpoint", async () => {
    vi.stubEnv("FOVEA_FAULT", "nan:accumulateGradients:6");
    const directory = await temporaryDirectory();
    const loaded = tabularConfiguration(directory, { policy: fixture("faulty-policy.ts") });
    await expect(train(loaded)).rejects.toThrow(
      /update 3: the loss of mini-batch 2 of 2 \(algorithm "[^"]+"\) is NaN; rollouts: train-1-\d+#0, train-1-\d+#1/,
    );
    vi.unstubAllEnvs();
    const run = join(directory, "runs", "run");
    expect(readStatus(join(run, "status.json"))).toMatchObject({
      state: "failed",
      step: 2,
      error: expect.stringContaining("update 3"),
    });
    expect(await readdir(join(run, "checkpoints"))).toEqual(["step-2"]);
    expect(readJsonLines<RolloutLine>(join(run, "failures", "step-3.jsonl"))).toHaveLength(8);
    expect(existsSync(join(run, "run.lock"))).toBe(false);
    // Without the fault the same run goes on to the end.
    expect((await resumeTraining(run)).status).toMatchObject({ state: "finished", step: 6 });
  });
});

describe("a configuration at fault", () => {
  it("leaves no run directory behind", async () => {
    const directory = await temporaryDirectory();
    await expect(
      train(tabularConfiguration(directory, { algorithm: { use: "vppo", options: { kk: 1 } } })),
    ).rejects.toThrow(/kk is not an option/);
    expect(existsSync(join(directory, "runs"))).toBe(false);
  });

  it("is refused when a name is taken, saying how to go on with that run", async () => {
    const directory = await temporaryDirectory();
    await train(tabularConfiguration(directory));
    await expect(train(tabularConfiguration(directory))).rejects.toThrow(
      /exists already: choose another run\.name, or go on with it: fovea train --resume/,
    );
  });

  it("is refused when prompts and responses do not fit the policy's context", async () => {
    const loaded = tabularConfiguration(await temporaryDirectory(), { sampling: { maximumTokens: 60 } });
    await expect(train(loaded)).rejects.toThrow(
      /prompt "held-out-0-0" takes 9 tokens and a response up to 60 .* the 64 that the policy "tabular" can hold/,
    );
  });

  it("is refused when the task has fewer prompts than an update takes", async () => {
    const loaded = tabularConfiguration(await temporaryDirectory(), {
      task: { use: "@fovea-rl/testkit/tabular-task", options: { trainPrompts: 3 } },
    });
    await expect(train(loaded)).rejects.toThrow(/has 3 train prompts, and this update has used them all/);
  });

  it("whose filter accepts too little ends with the acceptance rate", async () => {
    const loaded = tabularConfiguration(await temporaryDirectory(), {
      algorithm: "dapo",
      // Nothing is ever right behind a closing tag that the policy cannot write.
      rewards: [{ use: "boxed-answer", options: { comparison: "exact" } }],
      sampling: { maximumTokens: 1 },
    });
    await expect(train(loaded)).rejects.toThrow(
      /after \d+ rounds of sampling only 0 of \d+ groups \(0\.0 %\) passed the algorithm's filter, and 4 are needed/,
    );
  });
});

describe("a training run that is interrupted before an update has begun", () => {
  /** Aborted when everything is open, by what is asked for its recorders last. */
  function abortedAtTheEnd() {
    const controller = new AbortController();
    const onOpened = vi.fn();
    const recorders = () => {
      controller.abort();
      return [];
    };
    return { signal: controller.signal, recorders, onOpened };
  }

  it("leaves no directory, even if the engine did not listen", async () => {
    const directory = await temporaryDirectory();
    const options = abortedAtTheEnd();
    await expect(train(tabularConfiguration(directory), options)).rejects.toBeInstanceOf(InterruptedError);
    expect(await readdir(join(directory, "runs"))).toEqual([]);
    expect(options.onOpened).not.toHaveBeenCalled();
    const other = await temporaryDirectory();
    const aborted = train(tabularConfiguration(other), { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toBeInstanceOf(InterruptedError);
    expect(await readdir(other)).toEqual([]);
  });

  it("can be resumed as before", async () => {
    const loaded = tabularConfiguration(await temporaryDirectory());
    const { directory } = await train(loaded);
    const unbroken = deterministicContents(directory, 6);
    const resumed = resumeTraining(directory, { ...abortedAtTheEnd(), fromStep: 4 });
    await expect(resumed).rejects.toBeInstanceOf(InterruptedError);
    expect(readStatus(join(directory, "status.json"))).toMatchObject({ state: "interrupted", step: 4 });
    const onOpened = vi.fn();
    await resumeTraining(directory, { onOpened });
    expect(onOpened).toHaveBeenCalledOnce();
    expect(deterministicContents(directory, 6)).toEqual(unbroken);
  });
});
