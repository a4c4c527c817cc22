import { describe, expect, it } from "vitest";
import { type ComparedRun, summariseComparison } from "./comparison-result.ts";

const run = (label: string, seed: number, before: number, after: number | null): ComparedRun => ({
  label,
  algorithm: "vppo",
  seed,
  directory: `${label}-seed-${seed}`,
  state: after === null ? "interrupted" : "finished",
  before: { accuracy: before, low: 0, high: 1, prompts: 10 },
  after: after === null ? null : { accuracy: after, low: 0, high: 1, prompts: 10 },
  trainingSeconds: 10,
  totalTokens: 100,
});

describe("the summary of a comparison", () => {
  const runs = [
    run("wide", 1, 0.4, 0.6),
    run("narrow", 1, 0.4, 0.66),
    run("wide", 2, 0.5, 0.7),
    run("narrow", 2, 0.5, 0.74),
    run("wide", 3, 0.4, 0.5),
    run("narrow", 3, 0.4, null),
  ];
  const [wide, narrow] = summariseComparison(runs, ["wide", "narrow"]);

  it("has the mean over seeds with Student's interval", () => {
    expect(wide!.mean).toBeCloseTo(0.6, 12);
    // s = 0.1, t(2) = 4.302653.
    expect(wide!.high! - 0.6).toBeCloseTo((4.302653 * 0.1) / Math.sqrt(3), 6);
    expect(wide!.gain).toBeCloseTo((0.2 + 0.2 + 0.1) / 3, 12);
    expect(wide!.differenceToFirst).toBeNull();
  });

  it("pairs differences by seed, and leaves out what has no partner", () => {
    expect(narrow!.seeds).toEqual([1, 2]);
    expect(narrow!.differenceToFirst!.mean).toBeCloseTo(0.05, 12);
    // Differences 0.06 and 0.04: s = 0.01414, t(1) = 12.706205.
    expect(narrow!.differenceToFirst!.high! - 0.05).toBeCloseTo((12.706205 * Math.sqrt(0.0002)) / Math.sqrt(2), 6);
  });

  it("has no interval for one seed", () => {
    const [only] = summariseComparison(runs.slice(0, 1), ["wide", "narrow"]);
    expect(only).toMatchObject({ label: "wide", algorithm: "vppo", low: null, high: null });
  });
});
