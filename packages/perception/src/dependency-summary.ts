import type { DependencyStatistics, Histogram } from "./dependency-statistics.ts";
import { SortedValues } from "./sorted-values.ts";

/** Sbar_i: mean of a rollout's token dependencies, VPPO eq. 4. @param dependency `[T]` */
export function trajectoryDependency(dependency: ArrayLike<number>): number {
  let sum = 0;
  for (let token = 0; token < dependency.length; token++) sum += dependency[token]!;
  return dependency.length === 0 ? 0 : sum / dependency.length;
}

function sumOfLargest(ascending: Float64Array, count: number): number {
  let sum = 0;
  for (let index = ascending.length - 1; index >= ascending.length - count; index--) sum += ascending[index]!;
  return sum;
}

/** How many of the ascending values are in bins below `bin`: found by halving, as the bin never falls. */
function countBelow(ascending: Float64Array, binOf: (value: number) => number, bin: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (binOf(ascending[middle]!) < bin) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Counts of ascending values; see `dependencyHistogram`. */
export function histogramOfSorted(ascending: Float64Array, bins: number, maximum: number | undefined): Histogram {
  const end = maximum ?? (Math.max(0, ascending.at(-1) ?? 0) || 1);
  const binOf = (value: number) => Math.min(bins - 1, Math.max(0, Math.floor((value / end) * bins)));
  const below = Array.from({ length: bins + 1 }, (_, bin) =>
    bin === bins ? ascending.length : countBelow(ascending, binOf, bin),
  );
  return {
    edges: Float64Array.from({ length: bins + 1 }, (_, edge) => (edge * end) / bins),
    counts: Int32Array.from({ length: bins }, (_, bin) => below[bin + 1]! - below[bin]!),
  };
}

/**
 * Statistics of token dependency that grow by a rollout at a time, and of which those of several files make those of all,
 * without looking at the rollouts again.
 */
export class DependencySummary {
  readonly #tokens = new SortedValues();
  readonly #trajectories = new SortedValues();
  #trajectorySum = 0;
  #rollouts = 0;
  #statistics: DependencyStatistics | undefined;

  /** @param dependency `[T]` of one rollout. */
  add(dependency: ArrayLike<number>): void {
    const trajectory = trajectoryDependency(dependency);
    this.#tokens.add(dependency);
    this.#trajectories.add([trajectory]);
    this.#trajectorySum += trajectory;
    this.#rollouts++;
    this.#statistics = undefined;
  }

  /** Adds all that another holds. */
  merge(other: DependencySummary): void {
    this.#tokens.addAll(other.#tokens);
    this.#trajectories.addAll(other.#trajectories);
    this.#trajectorySum += other.#trajectorySum;
    this.#rollouts += other.#rollouts;
    this.#statistics = undefined;
  }

  get rollouts(): number {
    return this.#rollouts;
  }

  /** Every statistic of none at all is 0. */
  statistics(): DependencyStatistics {
    this.#statistics ??= this.#compute();
    return this.#statistics;
  }

  #compute(): DependencyStatistics {
    const tokens = this.#tokens.ascending();
    const trajectories = this.#trajectories.ascending();
    const total = sumOfLargest(tokens, tokens.length);
    const share = (fraction: number) =>
      total === 0 ? 0 : sumOfLargest(tokens, Math.ceil(fraction * tokens.length - 1e-12)) / total;
    return {
      tokens: tokens.length,
      mean: tokens.length === 0 ? 0 : total / tokens.length,
      maximum: tokens.at(-1) ?? 0,
      top10Share: share(0.1),
      top20Share: share(0.2),
      top40Share: share(0.4),
      trajectoryMean: this.#rollouts === 0 ? 0 : this.#trajectorySum / this.#rollouts,
      trajectoryMinimum: trajectories[0] ?? 0,
      trajectoryMaximum: Math.max(0, trajectories.at(-1) ?? 0),
    };
  }

  /** Of tokens, in equal bins from 0 to the largest. */
  tokenHistogram(bins: number): Histogram {
    return histogramOfSorted(this.#tokens.ascending(), bins, undefined);
  }

  /** Of the means of rollouts. */
  trajectoryHistogram(bins: number): Histogram {
    return histogramOfSorted(this.#trajectories.ascending(), bins, undefined);
  }
}
