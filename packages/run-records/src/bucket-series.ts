import type { Series } from "./series.ts";

/**
 * A series of at most so many points: as recorded if it fits, else the mean, minimum and maximum of equal numbers of recorded
 * values, each at the step of its last one.
 *
 * @param values `[lines]`, NaN where there is none.
 */
export function bucketSeries(lineSteps: Float64Array, lineValues: Float64Array, points: number): Series {
  const steps: number[] = [];
  const values: number[] = [];
  for (let line = 0; line < lineSteps.length; line++) {
    const value = lineValues[line]!;
    if (Number.isNaN(value)) continue;
    steps.push(lineSteps[line]!);
    values.push(value);
  }
  if (values.length <= points) return { steps, values, stepsPerPoint: 1 };
  const size = Math.ceil(values.length / points);
  const bucketed = { steps: [] as number[], values: [] as number[], minima: [] as number[], maxima: [] as number[] };
  for (let start = 0; start < values.length; start += size) {
    const end = Math.min(values.length, start + size);
    let sum = 0;
    let least = values[start]!;
    let most = least;
    for (let index = start; index < end; index++) {
      const value = values[index]!;
      sum += value;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    bucketed.steps.push(steps[end - 1]!);
    bucketed.values.push(sum / (end - start));
    bucketed.minima.push(least);
    bucketed.maxima.push(most);
  }
  return { ...bucketed, stepsPerPoint: size };
}
