import type { StepRange } from "@fovea-rl/run-records/view-data";
import type uPlot from "uplot";
import { formatNumber } from "../text/format-number.ts";
import type { CurveLine } from "./curve-line.ts";
import { axisRange, paintLines } from "./paint-lines.ts";

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((step, index) => step === b[index]));
}

/**
 * All steps that any line has, for the axis and the cursor, and the least and the most that any line has there, for the axis of
 * values; the lines themselves are painted from what they are.
 */
export function plotData(lines: readonly CurveLine[]): uPlot.AlignedData {
  const first = lines[0]?.steps ?? [];
  const areSame = lines.every((line) => isSame(line.steps, first));
  const steps = areSame ? [...first] : [...new Set(lines.flatMap((line) => line.steps))].sort((a, b) => a - b);
  const place = areSame ? undefined : new Map(steps.map((step, index) => [step, index]));
  const least = new Array<number | null>(steps.length).fill(null);
  const most = new Array<number | null>(steps.length).fill(null);
  for (const { steps: own, values, raw, low, high } of lines) {
    for (const part of [values, raw, low, high]) {
      for (let index = 0; part && index < part.length; index++) {
        const at = place ? place.get(own[index]!)! : index;
        const value = part[index]!;
        if (least[at] === null || value < least[at]!) least[at] = value;
        if (most[at] === null || value > most[at]!) most[at] = value;
      }
    }
  }
  return [steps, least, most];
}

/** Distances between ticks of the axis of steps: there is no step 1.5, however few a run has. */
export const STEP_INCREMENTS: readonly number[] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8].flatMap((power) => [
  power,
  2 * power,
  5 * power,
]);

const UNSEEN: uPlot.Series = { points: { show: false }, paths: () => null };

interface PlotHearers {
  /** The lines as they are now. */
  readonly lines: () => readonly CurveLine[];
  /** The step under the pointer. */
  readonly onStep: (step: number | undefined) => void;
  /** The steps drawn over; undefined on a double click: all of them. */
  readonly onRange: (range: StepRange | undefined) => void;
}

export function drawOptions(
  element: HTMLElement,
  height: number,
  { lines, onStep, onRange }: PlotHearers,
): uPlot.Options {
  const style = getComputedStyle(element);
  const ink = style.getPropertyValue("color");
  const grid = style.getPropertyValue("border-top-color");
  const axis: uPlot.Axis = {
    stroke: ink,
    font: `11px ${style.fontFamily}`,
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1, size: 4 },
  };
  return {
    width: Math.max(80, element.clientWidth),
    height,
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false },
      points: { show: false },
      bind: {
        dblclick: (_, __, otherwise) => (event: MouseEvent) => {
          onRange(undefined);
          return otherwise(event);
        },
      },
    },
    scales: {
      x: { time: false },
      y: { range: (_, least, most) => axisRange(least, most) },
    },
    axes: [
      { ...axis, space: 60, size: 28, incrs: [...STEP_INCREMENTS] },
      { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => formatNumber(tick)) },
    ],
    // Never drawn themselves: the axis of values is made from them.
    series: [{}, UNSEEN, UNSEEN],
    hooks: {
      draw: [(plot) => paintLines(plot, lines())],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width > 0)
            onRange({ from: Math.floor(plot.posToVal(left, "x")), to: Math.ceil(plot.posToVal(left + width, "x")) });
        },
      ],
      setCursor: [
        (plot) => {
          const index = plot.cursor.idx;
          // Away from the plot: the readings go back to the end.
          onStep(index === null || index === undefined ? undefined : plot.data[0][index]);
        },
      ],
    },
  };
}
