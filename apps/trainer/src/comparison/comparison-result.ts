import { type SeedSummary, summariseSeeds } from "@fovea-rl/run-records";
import type { AccuracyEstimate } from "../run-directory/accuracy-estimate.ts";

/** One member run as comparison.json holds it. */
export interface ComparedRun {
  /** What the comparison calls its contender. */
  readonly label: string;
  readonly algorithm: string;
  readonly seed: number;
  readonly directory: string;
  readonly state: "pending" | "running" | "interrupted" | "failed" | "finished";
  readonly error?: string;
  readonly before: AccuracyEstimate | null;
  readonly after: AccuracyEstimate | null;
  readonly trainingSeconds: number;
  readonly totalTokens: number;
}

/** One contender as comparison.json holds it. */
export interface ComparedContender {
  readonly label: string;
  readonly algorithm: string;
  /** As the configuration gives them; the rest are the algorithm's defaults. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Final held-out accuracy of one contender over its finished seeds. */
export interface ContenderSummary extends SeedSummary {
  readonly algorithm: string;
  /** Mean of after - before. */
  readonly gain: number;
  readonly trainingSeconds: number;
  readonly totalTokens: number;
}

export const COMPARISON_METHOD =
  "Accuracy is greedy, on the same held-out prompts before and after. Mean over seeds with Student's t 95 % interval of the mean; the difference to the first is taken seed by seed (same base weights, same prompts in the same order, same number of updates), with Student's t 95 % interval of the mean difference. One seed gives no interval. Intervals are not corrected for the number of comparisons.";

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Summaries of the contenders that have a finished run, in the order of their labels. */
export function summariseComparison(
  runs: readonly ComparedRun[],
  labels: readonly string[],
): readonly ContenderSummary[] {
  const finished = runs.filter((run) => run.state === "finished" && run.after !== null);
  const results = finished.map(({ label, seed, after }) => ({ label, seed, value: after!.accuracy }));
  return summariseSeeds(results, labels).map((summary) => {
    const own = finished.filter(({ label }) => label === summary.label);
    return {
      label: summary.label,
      algorithm: own[0]!.algorithm,
      seeds: summary.seeds,
      mean: summary.mean,
      low: summary.low,
      high: summary.high,
      gain: mean(own.map(({ before, after }) => after!.accuracy - (before?.accuracy ?? Number.NaN))),
      differenceToFirst: summary.differenceToFirst,
      trainingSeconds: mean(own.map((run) => run.trainingSeconds)),
      totalTokens: mean(own.map((run) => run.totalTokens)),
    };
  });
}
