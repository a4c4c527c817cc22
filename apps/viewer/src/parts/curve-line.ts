import type { RunSummary, Series } from "@fovea-rl/run-records/view-data";
import { type LineStyle, lineStyle } from "../colour/run-colours.ts";
import type { Theme } from "../state/theme.ts";

/** A line of a chart, ready to draw. */
export interface CurveLine {
  readonly label: string;
  readonly style: LineStyle;
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** As recorded, where `values` are smoothed. */
  readonly raw: readonly number[] | undefined;
  readonly low: readonly number[] | undefined;
  readonly high: readonly number[] | undefined;
}

/**
 * Exponential moving average without the bias of its start.
 *
 * @param weight of the past per step, 0 to below 1: points that are many steps apart, as evaluations or means of many records
 * are, forget as much as so many steps do.
 */
export function smooth({ steps, values }: Pick<Series, "steps" | "values">, weight: number): readonly number[] {
  let average = 0;
  let mass = 0;
  return values.map((value, index) => {
    const since = index === 0 ? (steps[1] ?? 1) - (steps[0] ?? 0) : steps[index]! - steps[index - 1]!;
    const decay = weight ** since;
    average = decay * average + (1 - decay) * value;
    mass = decay * mass + (1 - decay);
    return average / mass;
  });
}

/** One line a run. */
export function lineOfRun(label: string, series: Series, style: LineStyle, smoothing: number): CurveLine {
  const isSmoothed = smoothing > 0 && series.values.length > 2;
  return {
    label,
    style,
    steps: series.steps,
    values: isSmoothed ? smooth(series, smoothing) : series.values,
    raw: isSmoothed ? series.values : undefined,
    low: isSmoothed ? undefined : series.minima,
    high: isSmoothed ? undefined : series.maxima,
  };
}

/** Seeds of one setting as one line: their mean at each step, between the least and the most of them. */
export function lineOfSeeds(label: string, seeds: readonly Series[], style: LineStyle, smoothing: number): CurveLine {
  const values = new Map<number, number[]>();
  for (const series of seeds) {
    const own = smoothing > 0 ? smooth(series, smoothing) : series.values;
    series.steps.forEach((step, index) => {
      values.set(step, [...(values.get(step) ?? []), own[index]!]);
    });
  }
  // A step that only some seeds have reached would make the mean jump.
  const steps = [...values.keys()].filter((step) => values.get(step)!.length === seeds.length).sort((a, b) => a - b);
  const at = steps.map((step) => values.get(step)!);
  return {
    label,
    style,
    steps,
    values: at.map((own) => own.reduce((sum, value) => sum + value, 0) / own.length),
    raw: undefined,
    low: at.map((own) => Math.min(...own)),
    high: at.map((own) => Math.max(...own)),
  };
}

/** Groups runs that differ in seed alone, in the order of their first. What a comparison holds apart stays apart, were it of the same options. */
export function groupBySetting(runs: readonly RunSummary[]): readonly (readonly RunSummary[])[] {
  const groups = new Map<string, RunSummary[]>();
  for (const run of runs) {
    const key = JSON.stringify([run.label, run.setting]);
    const group = groups.get(key);
    if (group) group.push(run);
    else groups.set(key, [run]);
  }
  return [...groups.values()];
}

/** The style of the line that shows each run, by the run's id: its own, or with `seedsAsBands` the one that all seeds of its setting share. */
export function stylesOfRuns(
  runs: readonly RunSummary[],
  seedsAsBands: boolean,
  theme: Theme,
): ReadonlyMap<string, LineStyle> {
  const groups = seedsAsBands ? groupBySetting(runs) : runs.map((run) => [run]);
  return new Map(groups.flatMap((group, index) => group.map(({ id }) => [id, lineStyle(index, theme)] as const)));
}
