/** Sbar_i: mean of a rollout's token dependencies, VPPO eq. 4. @param dependency `[T]` */
export function trajectoryDependency(dependency: ArrayLike<number>): number {
  let sum = 0;
  for (let token = 0; token < dependency.length; token++) sum += dependency[token]!;
  return dependency.length === 0 ? 0 : sum / dependency.length;
}

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
  const tokens = Float64Array.from(dependencies.flatMap((dependency) => Array.from(dependency)));
  const descending = tokens.toSorted().toReversed();
  const trajectories = dependencies.map(trajectoryDependency);
  const total = sumOf(descending, descending.length);
  const share = (fraction: number) =>
    total === 0 ? 0 : sumOf(descending, Math.ceil(fraction * descending.length - 1e-12)) / total;
  return {
    tokens: tokens.length,
    mean: tokens.length === 0 ? 0 : total / tokens.length,
    maximum: descending[0] ?? 0,
    top10Share: share(0.1),
    top20Share: share(0.2),
    top40Share: share(0.4),
    trajectoryMean: trajectoryDependency(trajectories),
    trajectoryMinimum: trajectories.reduce((least, value) => Math.min(least, value), trajectories[0] ?? 0),
    trajectoryMaximum: trajectories.reduce((most, value) => Math.max(most, value), 0),
  };
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
  const array = Array.from(values);
  const end = maximum ?? (array.reduce((most, value) => Math.max(most, value), 0) || 1);
  const counts = new Int32Array(bins);
  for (const value of array) counts[Math.min(bins - 1, Math.max(0, Math.floor((value / end) * bins)))]!++;
  return { edges: Float64Array.from({ length: bins + 1 }, (_, edge) => (edge * end) / bins), counts };
}

function sumOf(values: Float64Array, count: number): number {
  let sum = 0;
  for (let index = 0; index < count; index++) sum += values[index]!;
  return sum;
}
