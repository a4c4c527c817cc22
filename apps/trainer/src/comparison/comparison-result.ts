import type { AccuracyEstimate } from "../run-directory/accuracy-estimate.ts";
import { type MeanEstimate, studentInterval } from "../statistics/student-interval.ts";

/** One member run as comparison.json holds it. */
export interface ComparedRun {
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

/** Final held-out accuracy of one algorithm over its finished seeds. */
export interface AlgorithmSummary {
  readonly algorithm: string;
  readonly seeds: readonly number[];
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Mean of after - before. */
  readonly gain: number;
  /** Differences to the first algorithm, paired by seed; null for the first, or without a common seed. */
  readonly differenceToFirst: MeanEstimate | null;
  readonly trainingSeconds: number;
  readonly totalTokens: number;
}

export const COMPARISON_METHOD =
  "Accuracy is greedy, on the same held-out prompts before and after. Mean over seeds with Student's t 95 % interval of the mean; the difference to the first algorithm is taken seed by seed (same base weights, same prompts in the same order, same number of updates), with Student's t 95 % interval of the mean difference. One seed gives no interval. Intervals are not corrected for the number of comparisons.";

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Summaries of the algorithms that have a finished run, in the order given. */
export function summariseComparison(
  runs: readonly ComparedRun[],
  algorithms: readonly string[],
): readonly AlgorithmSummary[] {
  const finished = runs.filter((run) => run.state === "finished" && run.after !== null);
  const bySeed = (algorithm: string) =>
    new Map(finished.filter((run) => run.algorithm === algorithm).map((run) => [run.seed, run]));
  const first = bySeed(algorithms[0]!);
  return algorithms.flatMap((algorithm, index) => {
    const own = [...bySeed(algorithm).values()];
    if (own.length === 0) return [];
    const pairs = own.flatMap((run) => {
      const partner = first.get(run.seed);
      return partner ? [run.after!.accuracy - partner.after!.accuracy] : [];
    });
    return [
      {
        algorithm,
        seeds: own.map(({ seed }) => seed),
        ...studentInterval(own.map(({ after }) => after!.accuracy)),
        gain: mean(own.map(({ before, after }) => after!.accuracy - (before?.accuracy ?? Number.NaN))),
        differenceToFirst: index === 0 || pairs.length === 0 ? null : studentInterval(pairs),
        trainingSeconds: mean(own.map((run) => run.trainingSeconds)),
        totalTokens: mean(own.map((run) => run.totalTokens)),
      },
    ];
  });
}
