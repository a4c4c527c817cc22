import type { StepRange } from "@fovea-rl/run-records/view-data";
import type uPlot from "uplot";
import { formatNumber } from "../text/format-number.ts";
import type { CurveLine } from "./curve-line.ts";
import { extentOf, paintLines } from "./paint-lines.ts";

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((step, index) => step === b[index]));
}

/** All steps that any line has, for the axis and the cursor; the lines themselves are painted from what they are. */
export function plotData(lines: readonly CurveLine[]): uPlot.AlignedData {
  const first = lines[0]?.steps ?? [];
  const steps = lines.every((line) => isSame(line.steps, first))
    ? [...first]
    : [...new Set(lines.flatMap((line) => line.steps))].sort((a, b) => a - b);
  return [steps, new Array<null>(steps.length).fill(null)];
}

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
      y: { range: (plot) => extentOf(lines(), plot.scales["x"]?.min, plot.scales["x"]?.max) },
    },
    axes: [
      { ...axis, space: 60, size: 28 },
      { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => formatNumber(tick)) },
    ],
    // The second stands for all lines: it gives the axis of values something to belong to.
    series: [{}, { points: { show: false } }],
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
