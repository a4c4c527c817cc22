import type { Series } from "./series.ts";

/**
 * A series of at most so many points: as recorded if it fits, else the mean, minimum and maximum of equal numbers of recorded
 * values, each at the step of its last one.
 *
 * @param lineValues `[lines]`, NaN where there is none.
 */
export function bucketSeries(lineSteps: Float64Array, lineValues: Float64Array, points: number): Series {
  let recorded = 0;
  for (let line = 0; line < lineValues.length; line++) if (!Number.isNaN(lineValues[line]!)) recorded++;
  const size = Math.max(1, Math.ceil(recorded / points));
  const steps: number[] = [];
  const values: number[] = [];
  const minima: number[] = [];
  const maxima: number[] = [];
  let count = 0;
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let taken = 0;
  for (let line = 0; line < lineValues.length; line++) {
    const value = lineValues[line]!;
    if (Number.isNaN(value)) continue;
    sum += value;
    if (value < least) least = value;
    if (value > most) most = value;
    taken++;
    if (++count < size && taken < recorded) continue;
    steps.push(lineSteps[line]!);
    values.push(sum / count);
    if (size > 1) {
      minima.push(least);
      maxima.push(most);
    }
    count = 0;
    sum = 0;
    least = Number.POSITIVE_INFINITY;
    most = Number.NEGATIVE_INFINITY;
  }
  return size === 1
    ? { steps, values, stepsPerPoint: 1 }
    : { steps, values, minima, maxima, stepsPerPoint: size, recorded };
}
