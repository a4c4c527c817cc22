import { type MeanEstimate, studentInterval } from "./student-interval.ts";

/** What one seed of one algorithm reached. */
export interface SeedResult {
  readonly algorithm: string;
  readonly seed: number;
  readonly value: number;
}

/** What the seeds of an algorithm reached. */
export interface SeedSummary extends MeanEstimate {
  readonly algorithm: string;
  readonly seeds: readonly number[];
  /** Differences to the first algorithm, paired by seed; null for the first, or without a common seed. */
  readonly differenceToFirst: MeanEstimate | null;
}

/** Mean and paired difference with their intervals, of the algorithms that have a result, in the order given. */
export function summariseSeeds(results: readonly SeedResult[], algorithms: readonly string[]): readonly SeedSummary[] {
  const bySeed = (algorithm: string) =>
    new Map(results.filter((result) => result.algorithm === algorithm).map(({ seed, value }) => [seed, value]));
  const first = bySeed(algorithms[0] ?? "");
  return algorithms.flatMap((algorithm, index) => {
    const own = bySeed(algorithm);
    if (own.size === 0) return [];
    const pairs = [...own].flatMap(([seed, value]) => {
      const partner = first.get(seed);
      return partner === undefined ? [] : [value - partner];
    });
    return [
      {
        algorithm,
        seeds: [...own.keys()],
        ...studentInterval([...own.values()]),
        differenceToFirst: index === 0 || pairs.length === 0 ? null : studentInterval(pairs),
      },
    ];
  });
}
