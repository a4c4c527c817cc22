import { describe, expect, it } from "vitest";
import { type ComparedRun, summariseComparison } from "./comparison-result.ts";

const run = (algorithm: string, seed: number, before: number, after: number | null): ComparedRun => ({
  algorithm,
  seed,
  directory: `${algorithm}-seed-${seed}`,
  state: after === null ? "interrupted" : "finished",
  before: { accuracy: before, low: 0, high: 1, prompts: 10 },
  after: after === null ? null : { accuracy: after, low: 0, high: 1, prompts: 10 },
  trainingSeconds: 10,
  totalTokens: 100,
});

describe("the summary of a comparison", () => {
  const runs = [
    run("grpo", 1, 0.4, 0.6),
    run("vppo", 1, 0.4, 0.66),
    run("grpo", 2, 0.5, 0.7),
    run("vppo", 2, 0.5, 0.74),
    run("grpo", 3, 0.4, 0.5),
    run("vppo", 3, 0.4, null),
  ];
  const [grpo, vppo] = summariseComparison(runs, ["grpo", "vppo"]);

  it("has the mean over seeds with Student's interval", () => {
    expect(grpo!.mean).toBeCloseTo(0.6, 12);
    // s = 0.1, t(2) = 4.302653.
    expect(grpo!.high! - 0.6).toBeCloseTo((4.302653 * 0.1) / Math.sqrt(3), 6);
    expect(grpo!.gain).toBeCloseTo((0.2 + 0.2 + 0.1) / 3, 12);
    expect(grpo!.differenceToFirst).toBeNull();
  });

  it("pairs differences by seed, and leaves out what has no partner", () => {
    expect(vppo!.seeds).toEqual([1, 2]);
    expect(vppo!.differenceToFirst!.mean).toBeCloseTo(0.05, 12);
    // Differences 0.06 and 0.04: s = 0.01414, t(1) = 12.706205.
    expect(vppo!.differenceToFirst!.high! - 0.05).toBeCloseTo((12.706205 * Math.sqrt(0.0002)) / Math.sqrt(2), 6);
  });

  it("has no interval for one seed", () => {
    const [only] = summariseComparison(runs.slice(0, 1), ["grpo", "vppo"]);
    expect(only).toMatchObject({ algorithm: "grpo", low: null, high: null });
  });
});
