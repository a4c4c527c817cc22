import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketSeries } from "./bucket-series.ts";
import { discoverRuns } from "./discover-runs.ts";
import { MetricHistory } from "./metric-history.ts";
import { PausableReading } from "./pausable.ts";
import { perceptionNumbersCsv, perceptionTokensCsv } from "./perception-csv.ts";
import { perceptionProfile } from "./perception-profile.ts";
import { readComparison } from "./read-comparison.ts";
import { readRunSummary } from "./read-run-summary.ts";
import { RolloutIndex } from "./rollout-index.ts";
import { RolloutSearch } from "./rollout-query.ts";
import { parseRollout } from "./rollout-record.ts";
import type { RolloutRow } from "./rollout-row.ts";

const temporary = () => mkdtemp(join(tmpdir(), "fovea-records-"));
const update = (step: number, value: number) =>
  `${JSON.stringify({ kind: "update", step, metrics: { "reward/mean": value } })}\n`;

describe("MetricHistory", () => {
  it("reads what is appended, whole lines only, and begins anew when a resumed run takes lines back", async () => {
    const directory = await temporary();
    const path = join(directory, "metrics.jsonl");
    const history = new MetricHistory(directory);
    expect(await history.update()).toBe(false);
    await writeFile(path, update(1, 0.5) + update(2, 0.25).slice(0, 20));
    expect(await history.update()).toBe(true);
    expect(history.series("reward/mean", 10)).toEqual({ steps: [1], values: [0.5], stepsPerPoint: 1 });
    await appendFile(path, update(2, 0.25).slice(20));
    await history.update();
    expect(history.series("reward/mean", 10)!.values).toEqual([0.5, 0.25]);
    expect(await history.update()).toBe(false);
    await writeFile(`${path}.new`, update(1, 0.5));
    await rename(`${path}.new`, path);
    await history.update();
    expect(history.series("reward/mean", 10)!.values).toEqual([0.5]);
    expect(history.last("reward/mean")).toBe(0.5);
  });

  it("gives some steps exactly, where all of them are given as means", async () => {
    const directory = await temporary();
    const values = Array.from({ length: 40 }, (_, index) => (index * 7) % 11);
    await writeFile(join(directory, "metrics.jsonl"), values.map((value, index) => update(index + 1, value)).join(""));
    const history = new MetricHistory(directory);
    await history.update();
    expect(history.series("reward/mean", 10)!.stepsPerPoint).toBe(4);
    expect(history.series("reward/mean", 10, { from: 8, to: 12 })).toEqual({
      steps: [8, 9, 10, 11, 12],
      values: values.slice(7, 12),
      stepsPerPoint: 1,
    });
    expect(history.series("reward/mean", 10, { from: 50, to: 60 })!.values).toEqual([]);
  });

  it("names the first line that is no record, and keeps the others", async () => {
    const directory = await temporary();
    await writeFile(join(directory, "metrics.jsonl"), `${update(1, 0.5)}{]\n${update(2, 1)}`);
    const history = new MetricHistory(directory);
    await history.update();
    expect(history.series("reward/mean", 10)!.values).toEqual([0.5, 1]);
    expect(history.problems).toEqual([
      { file: "metrics.jsonl", message: `the line at byte ${update(1, 0.5).length} is no record; it is left out` },
    ]);
  });
});

describe("bucketSeries", () => {
  it("keeps mean and range of all values, whatever the number of points", () => {
    const values = fc.array(fc.integer({ min: -10, max: 10 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 50 }), (own, points) => {
        const steps = Float64Array.from(own, (_, index) => index + 1);
        const series = bucketSeries(steps, Float64Array.from(own), points);
        expect(series.values.length).toBeLessThanOrEqual(points);
        expect(series.steps.at(-1)).toBe(own.length);
        if (series.stepsPerPoint === 1) {
          expect(series.values).toEqual(own);
          return;
        }
        expect(Math.min(...series.minima!)).toBe(Math.min(...own));
        expect(Math.max(...series.maxima!)).toBe(Math.max(...own));
        const size = series.stepsPerPoint;
        const sum = series.values.reduce(
          (total, value, index) => total + value * Math.min(size, own.length - index * size),
          0,
        );
        expect(sum).toBeCloseTo(
          own.reduce((total, value) => total + value, 0),
          6,
        );
      }),
    );
  });
});

describe("readRunSummary", () => {
  it("tells a run whose process is gone from one that runs", async () => {
    const directory = await temporary();
    await writeFile(join(directory, "status.json"), JSON.stringify({ state: "running", step: 3, updates: 9 }));
    expect(await readRunSummary("r", directory)).toMatchObject({ state: "killed", step: 3, updates: 9 });
    await writeFile(join(directory, "run.lock"), JSON.stringify({ pid: 1, hostname: "another-machine" }));
    expect((await readRunSummary("r", directory)).state).toBe("running");
  });

  it("gives seeds of one setting one name, and other settings another", async () => {
    const settingOf = async (configuration: unknown) => {
      const directory = await temporary();
      await writeFile(join(directory, "config.json"), JSON.stringify(configuration));
      return (await readRunSummary(directory, directory)).setting;
    };
    const first = await settingOf({ seed: 1, run: { name: "a" }, training: { updates: 5 } });
    expect(await settingOf({ seed: 2, run: { name: "b" }, training: { updates: 5 } })).toBe(first);
    expect(await settingOf({ seed: 1, run: { name: "a" }, training: { updates: 6 } })).not.toBe(first);
  });

  it("names every file that is missing or broken", async () => {
    const directory = await temporary();
    await writeFile(join(directory, "config.json"), '{"formatVersion": 2}');
    await writeFile(join(directory, "status.json"), "[]");
    const { problems, state } = await readRunSummary("r", directory);
    expect(state).toBe("unknown");
    expect(problems.map(({ file, message }) => `${file} ${message}`)).toEqual([
      "status.json holds no JSON object",
      "manifest.json is missing",
      "config.json is of format version 2; this viewer reads version 1",
    ]);
  });
});

describe("discoverRuns", () => {
  it("finds runs, comparisons and the runs in them, and follows no link", async () => {
    const root = await temporary();
    const outside = await temporary();
    for (const path of ["a", "compare/b", "compare/c", "empty", "a/checkpoints/step-1"]) {
      await mkdir(join(root, path), { recursive: true });
    }
    for (const path of ["a", "compare/b", "a/checkpoints/step-1"])
      await writeFile(join(root, path, "config.json"), "{}");
    await writeFile(join(root, "compare/c/metrics.jsonl"), "");
    await writeFile(join(root, "compare/comparison.json"), "{}");
    await writeFile(join(outside, "config.json"), "{}");
    await symlink(outside, join(root, "link"));
    const { runs, comparisons } = await discoverRuns([root]);
    expect(runs.map(({ id }) => id)).toEqual(["a", "compare/b", "compare/c"]);
    expect(comparisons.map(({ id }) => id)).toEqual(["compare"]);
    expect(comparisons[0]!.runs).toEqual(runs.slice(1));
  });

  it("tells runs of the same name in two folders apart", async () => {
    const roots = [await temporary(), await temporary()];
    for (const root of roots) {
      await mkdir(join(root, "run"));
      await writeFile(join(root, "run", "config.json"), "{}");
    }
    const { runs } = await discoverRuns(roots);
    expect(new Set(runs.map(({ id }) => id)).size).toBe(2);
  });
});

const line = (fields: object) =>
  JSON.stringify({
    step: 1,
    promptId: "p",
    sampleIndex: 0,
    tokens: [1, 2],
    tokenTexts: ["a", "b"],
    text: "ab",
    reward: 1,
    components: { accuracy: 1 },
    columns: { dependency: [0.5, 0] },
    ...fields,
  });

describe("RolloutIndex", () => {
  it("lists rollouts by step and reads one again with its tokens", async () => {
    const directory = await temporary();
    await mkdir(join(directory, "rollouts"));
    await writeFile(
      join(directory, "rollouts", "step-10.jsonl"),
      `${line({ step: 10, text: "é" })}\n${line({ step: 10, sampleIndex: 1 })}\n`,
    );
    await writeFile(join(directory, "rollouts", "step-2.jsonl"), `${line({ step: 2 })}\nnonsense\n`);
    await writeFile(join(directory, "rollouts", "step-3.jsonl.partial"), "x");
    const index = new RolloutIndex(directory);
    await index.update();
    expect(index.rows().map(({ step, sampleIndex }) => [step, sampleIndex])).toEqual([
      [2, 0],
      [10, 0],
      [10, 1],
    ]);
    expect(index.rows()[0]!.dependency).toBe(0.25);
    expect((await index.rollout("rollouts/step-10", "p", 1))!.sampleIndex).toBe(1);
    expect((await index.rollout("rollouts/step-10", "p", 0))!.text).toBe("é");
    expect(await index.rollout("rollouts/../config", "p", 0)).toBeUndefined();
    expect(index.problems.map(({ file }) => file)).toEqual(["rollouts/step-2.jsonl"]);
  });
});

describe("the perception of a growing run", () => {
  it("is that of its files read at once, whenever it is asked for", async () => {
    const directory = await temporary();
    await mkdir(join(directory, "rollouts"));
    // Sums of such numbers are exact in any order.
    const random = (seed: number) => ((seed * 7919) % 101) / 128;
    const write = (step: number, count: number) =>
      appendFile(
        join(directory, "rollouts", `step-${step}.jsonl`),
        Array.from({ length: count }, (_, index) => {
          const dependency = [random(step + index), random(step * index)];
          return `${line({ step, sampleIndex: index, family: index % 2 ? "sum" : "count", columns: { dependency } })}\n`;
        }).join(""),
      );
    const growing = new RolloutIndex(directory);
    const expectSame = async () => {
      await growing.update();
      const whole = new RolloutIndex(directory);
      await whole.update();
      await whole.prepare(() => undefined);
      expect(growing.perception()).toEqual(whole.perception());
      expect(growing.search().query({})).toEqual(whole.search().query({}));
    };
    await write(1, 5);
    await growing.update();
    await write(1, 3);
    await write(2, 4);
    await expectSame();
    expect(growing.perception()!.overall.tokens).toBe(24);
    await write(3, 2);
    await write(1, 1);
    await expectSame();
    // A resumed run takes a file back and writes it anew.
    await rm(join(directory, "rollouts", "step-3.jsonl"));
    await expectSame();
    await write(3, 6);
    await expectSame();
    expect(growing.perception()!.overall.tokens).toBe(38);
  });
});

describe("PausableReading", () => {
  it("gives way in the background until someone waits for it", async () => {
    let pieces = 0;
    const reading = new PausableReading(async (pause) => {
      for (; pieces < 3; pieces++) await pause();
      return true;
    });
    const background = reading.run(() => new Promise(() => {}));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pieces).toBe(0);
    expect(await reading.run()).toBe(true);
    expect(await background).toBe(true);
    expect(pieces).toBe(3);
  });
});

describe("parseRollout", () => {
  it("takes any JSON, and gives no per-token array of another length than the tokens'", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (value, columns) => {
        const rollout = parseRollout(line({ behaviourLogprobs: value, columns, components: value, prompt: value }))!;
        for (const row of [rollout.behaviourLogprobs, ...Object.values(rollout.columns)]) {
          if (row) expect(row).toHaveLength(2);
        }
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => void parseRollout(text)));
  });
});

describe("RolloutSearch", () => {
  it("filters by every criterion and sorts from the largest", () => {
    const row = (fields: Partial<RolloutRow>): RolloutRow => ({
      file: "rollouts/step-1",
      step: 1,
      promptId: "p",
      sampleIndex: 0,
      family: "sum",
      referenceAnswer: "4",
      text: "Four",
      reward: 1,
      accuracy: 1,
      length: 5,
      finishReason: "stop",
      dependency: 0.1,
      ...fields,
    });
    const rows = [
      row({}),
      row({ reward: 0, accuracy: 0, length: 9, family: "count", dependency: 0.3 }),
      row({ text: "five", dependency: undefined }),
    ];
    const found = (query: object) => new RolloutSearch(rows).query(query).rows.map((one) => rows.indexOf(one));
    expect(found({ verdict: "wrong" })).toEqual([1]);
    expect(found({ family: "sum" })).toEqual([0, 2]);
    expect(found({ text: " fOUR " })).toEqual([0, 1]);
    expect(found({ minimumLength: 6 })).toEqual([1]);
    expect(found({ maximumReward: 0.5 })).toEqual([1]);
    expect(found({ order: "dependency" })).toEqual([1, 0, 2]);
    expect(found({ skip: 1, take: 1 })).toEqual([1]);
    expect(new RolloutSearch(rows).query({ family: "count" })).toMatchObject({
      total: 3,
      matching: 1,
      families: ["count", "sum"],
    });
  });
});

describe("perceptionProfile", () => {
  const rollouts = [
    { dependency: [0, 4], tokenTexts: ["the", "7"], family: "sum", isRight: true },
    { dependency: [0, 0], tokenTexts: ["the", '=cmd|"1"'], family: "count", isRight: false },
  ];
  const profile = perceptionProfile(new Map([["rollouts/step-1", { step: 1, rollouts }]]))!;

  it("agrees with the numbers worked out by hand", () => {
    expect(profile.overall).toMatchObject({
      rollouts: 2,
      tokens: 4,
      mean: 1,
      maximum: 4,
      top40Share: 1,
      trajectoryMean: 1,
    });
    expect(profile.byVerdict["right"]!.mean).toBe(2);
    expect(profile.byFamily["count"]!.mean).toBe(0);
    expect(profile.topTokens[0]).toEqual({ text: "7", count: 1, mean: 4, maximum: 4 });
    expect(profile.tokenHistogram.counts.reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(perceptionProfile(new Map())).toBeUndefined();
  });

  it("is CSV that a spreadsheet does not run", () => {
    expect(perceptionNumbersCsv(profile)).toContain("family,sum,1,2,2,4,1,1,1,2,2,2\r\n");
    expect(perceptionTokensCsv(profile)).toContain(`"'=cmd|""1""",1,0,0\r\n`);
  });
});

describe("readComparison", () => {
  it("reads what fovea compare writes, null for no interval", async () => {
    const directory = await temporary();
    const contender = { label: "vppo k=0.2", algorithm: "vppo" };
    const comparison = {
      formatVersion: 1,
      method: "by hand",
      runs: [
        { ...contender, seed: 1, directory: "vppo-k-0.2-seed-1", state: "finished", after: { accuracy: 0.5 } },
        { algorithm: "grpo", seed: 1, directory: "grpo-seed-1", state: "running" },
      ],
      summary: [{ ...contender, seeds: [1], mean: 0.5, low: null, high: null, gain: 0.1, differenceToFirst: null }],
    };
    await writeFile(join(directory, "comparison.json"), JSON.stringify(comparison));
    const read = await readComparison({ id: "c", directory, runs: [] });
    expect(read.summary[0]).toMatchObject({ label: "vppo k=0.2", accuracy: { mean: 0.5, low: undefined }, gain: 0.1 });
    expect(read.runs[0]).toMatchObject({ id: "c/vppo-k-0.2-seed-1", label: "vppo k=0.2", after: 0.5 });
    // Written before there were labels.
    expect(read.runs[1]).toMatchObject({ id: "c/grpo-seed-1", label: "grpo" });
    expect(read.problems).toEqual([]);
  });
});
