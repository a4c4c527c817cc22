import { type MeanEstimate, studentInterval } from "./student-interval.ts";

/** What one seed of one contender of a comparison reached: of an algorithm, or of one of its settings. */
export interface SeedResult {
  /** What the comparison calls the contender. */
  readonly label: string;
  readonly seed: number;
  readonly value: number;
}

/** What the seeds of a contender reached. */
export interface SeedSummary extends MeanEstimate {
  readonly label: string;
  readonly seeds: readonly number[];
  /** Differences to the first contender, paired by seed; null for the first, or without a common seed. */
  readonly differenceToFirst: MeanEstimate | null;
}

/** Mean and paired difference with their intervals, of the contenders that have a result, in the order of their labels. */
export function summariseSeeds(results: readonly SeedResult[], labels: readonly string[]): readonly SeedSummary[] {
  const bySeed = (label: string) =>
    new Map(results.filter((result) => result.label === label).map(({ seed, value }) => [seed, value]));
  const first = bySeed(labels[0] ?? "");
  return labels.flatMap((label, index) => {
    const own = bySeed(label);
    if (own.size === 0) return [];
    const pairs = [...own].flatMap(([seed, value]) => {
      const partner = first.get(seed);
      return partner === undefined ? [] : [value - partner];
    });
    return [
      {
        label,
        seeds: [...own.keys()],
        ...studentInterval([...own.values()]),
        differenceToFirst: index === 0 || pairs.length === 0 ? null : studentInterval(pairs),
      },
    ];
  });
}
