/** One metric of one run over its steps. */
export interface Series {
  /** Ascending. */
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** How many recorded values each point is the mean of at most; 1: the values are as recorded. */
  readonly stepsPerPoint: number;
  /** Smallest and largest recorded value behind each point, where `stepsPerPoint` is above 1. */
  readonly minima?: readonly number[];
  readonly maxima?: readonly number[];
  /** How many values are behind all points together, where `stepsPerPoint` is above 1; the last point may stand for fewer. */
  readonly recorded?: number;
}

/** Names of what a run recorded, by the kind of line. */
export interface MetricNames {
  readonly updates: readonly string[];
  readonly evaluations: readonly string[];
  readonly timings: readonly string[];
}

/** Steps from one to another, both included. */
export interface StepRange {
  readonly from: number;
  readonly to: number;
}
