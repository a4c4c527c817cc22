import { DependencySummary, histogramOfSorted } from "./dependency-summary.ts";

/** Token dependencies of many rollouts in a few numbers. */
export interface DependencyStatistics {
  readonly tokens: number;
  /** Over tokens. */
  readonly mean: number;
  readonly maximum: number;
  /** How much of all dependency the most dependent 10, 20 and 40 % of the tokens carry, 0 to 1: the sparser, the nearer to 1. */
  readonly top10Share: number;
  readonly top20Share: number;
  readonly top40Share: number;
  /** Over rollouts. */
  readonly trajectoryMean: number;
  readonly trajectoryMinimum: number;
  readonly trajectoryMaximum: number;
}

/** @param dependencies `[rollouts][T]`; every statistic of none at all is 0. */
export function dependencyStatistics(dependencies: readonly ArrayLike<number>[]): DependencyStatistics {
  const summary = new DependencySummary();
  for (const dependency of dependencies) summary.add(dependency);
  return summary.statistics();
}

/** The statistics by the names of metrics: `dependency/mean`, `dependency/top-10-share`, ... */
export function dependencyMetrics(dependencies: readonly ArrayLike<number>[]): Readonly<Record<string, number>> {
  const statistics = dependencyStatistics(dependencies);
  return {
    "dependency/mean": statistics.mean,
    "dependency/max": statistics.maximum,
    "dependency/top-10-share": statistics.top10Share,
    "dependency/top-20-share": statistics.top20Share,
    "dependency/top-40-share": statistics.top40Share,
    "dependency/trajectory-mean": statistics.trajectoryMean,
    "dependency/trajectory-min": statistics.trajectoryMinimum,
    "dependency/trajectory-max": statistics.trajectoryMaximum,
  };
}

export interface Histogram {
  /** `[bins + 1]`, ascending. */
  readonly edges: Float64Array;
  /** `[bins]`; a value on an edge counts to the right, the last edge to the last bin. */
  readonly counts: Int32Array;
}

/** Counts of values in equal bins from 0 to `maximum` (default the largest value); larger values count in the last bin. */
export function dependencyHistogram(
  values: ArrayLike<number>,
  { bins = 50, maximum }: { readonly bins?: number; readonly maximum?: number } = {},
): Histogram {
  return histogramOfSorted(Float64Array.from(values).sort(), bins, maximum);
}
