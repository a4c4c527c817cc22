import type { Problem } from "./problem.ts";

/** A mean with its 95 % interval; no interval with one seed. */
export interface Interval {
  readonly mean: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** What the seeds of one contender reached. */
export interface ComparisonRow {
  /** Its algorithm's name, if it was given no other. */
  readonly label: string;
  readonly seeds: readonly number[];
  /** Final held-out accuracy. */
  readonly accuracy: Interval;
  /** Mean of after - before. */
  readonly gain: number | undefined;
  /** Paired by seed; undefined for the first contender. */
  readonly differenceToFirst: Interval | undefined;
  readonly trainingSeconds: number | undefined;
  readonly totalTokens: number | undefined;
}

export interface ComparisonRun {
  /** The run's id among the runs shown. */
  readonly id: string;
  readonly label: string;
  readonly seed: number | undefined;
  readonly state: string;
  readonly error: string | undefined;
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** What `fovea compare` found. */
export interface Comparison {
  readonly id: string;
  readonly method: string;
  readonly summary: readonly ComparisonRow[];
  readonly runs: readonly ComparisonRun[];
  /** Everything else that comparison.json says. */
  readonly facts: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
}
