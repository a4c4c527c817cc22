import type uPlot from "uplot";
import { formatNumber } from "../text/format-number.ts";
import type { CurveLine } from "./curve-line.ts";

/** Steps of a line beyond which its points are not marked. */
const MARKED = 12;

/** Equal for lines that differ in their values alone. */
export function plotShape(lines: readonly CurveLine[]): string {
  const shapes = lines.map(({ style: { colour, dash }, raw, low, steps }) => [
    colour,
    dash,
    raw !== undefined,
    low !== undefined,
    steps.length < MARKED,
  ]);
  return JSON.stringify(shapes);
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((step, index) => step === b[index]));
}

/** The lines on one axis of steps: for each line its values, what is behind them, and its band. */
export function plotData(lines: readonly CurveLine[]): uPlot.AlignedData {
  const first = lines[0]?.steps ?? [];
  if (lines.every((line) => isSame(line.steps, first))) {
    return [[...first], ...lines.flatMap((line) => partsOf(line).map((values) => [...values]))];
  }
  const steps = [...new Set(lines.flatMap((line) => line.steps))].sort((a, b) => a - b);
  const place = new Map(steps.map((step, index) => [step, index]));
  const align = (line: CurveLine, values: readonly number[]) => {
    const aligned = new Array<number | null>(steps.length).fill(null);
    values.forEach((value, index) => {
      aligned[place.get(line.steps[index]!)!] = value;
    });
    return aligned;
  };
  return [steps, ...lines.flatMap((line) => partsOf(line).map((values) => align(line, values)))];
}

/** Drawn in this order, so that the line itself lies on top. */
function partsOf({ raw, low, high, values }: CurveLine): readonly (readonly number[])[] {
  return [...(high && low ? [high, low] : []), ...(raw ? [raw] : []), values];
}

function faded(colour: string, opacity: string): string {
  return `${colour}${opacity}`;
}

/** @param onStep hears the step under the pointer. */
export function drawOptions(
  lines: readonly CurveLine[],
  element: HTMLElement,
  height: number,
  onStep: (step: number | undefined) => void,
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
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const line of lines) {
    const { colour, dash } = line.style;
    // Without a stroke nothing is drawn of it; the band needs only its place.
    const hidden: uPlot.Series = { points: { show: false }, spanGaps: true };
    if (line.low && line.high) {
      bands.push({ series: [series.length, series.length + 1], fill: faded(colour, "33") });
      series.push(hidden, hidden);
    }
    if (line.raw) series.push({ ...hidden, stroke: faded(colour, "44"), width: 1 });
    series.push({
      stroke: colour,
      width: 1.75,
      dash: [...dash],
      spanGaps: true,
      points: { show: line.steps.length < MARKED, size: 5, fill: colour },
    });
  }
  return {
    width: Math.max(80, element.clientWidth),
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false }, points: { show: false } },
    scales: { x: { time: false } },
    axes: [
      { ...axis, space: 60, size: 28 },
      { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => formatNumber(tick)) },
    ],
    series,
    bands,
    hooks: {
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
