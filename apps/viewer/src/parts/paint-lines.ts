import type uPlot from "uplot";
import type { CurveLine } from "./curve-line.ts";

/** Steps of a line up to which its points are marked. */
const MARKED = 12;
/** Lines beyond which each is drawn thinner, and is then drawn several times faster too. */
const CROWD = 5;
/** Points nearer than this, in pixels, are drawn column by column: a jagged area as one shape costs ten times as much. */
const DENSE = 1.3;

/** Range of an axis that shows values between two, with some room. */
export function axisRange(least: number | null, most: number | null): [number | null, number | null] {
  if (least === null || most === null) return [null, null];
  const room = least === most ? Math.abs(least) * 0.1 || 1 : (most - least) * 0.08;
  // Counts and shares begin at their zero, not below it.
  return [least >= 0 && least - room < 0 ? 0 : least - room, most + room];
}

interface Axes {
  readonly context: CanvasRenderingContext2D;
  readonly x: (step: number) => number;
  readonly y: (value: number) => number;
  /** Canvas pixels of a pixel of the page. */
  readonly scale: number;
}

export function paintLines(plot: uPlot, lines: readonly CurveLine[]): void {
  const { left, top, width, height } = plot.bbox;
  const { x, y } = plot.scales;
  if (x?.min == null || x.max == null || y?.min == null || y.max == null) return;
  const { min: firstStep, max: lastStep } = x;
  const { min: least, max: most } = y;
  const perStep = width / (lastStep - firstStep || 1);
  const perValue = height / (most - least || 1);
  const axes: Axes = {
    context: plot.ctx,
    x: (step) => left + (step - firstStep) * perStep,
    y: (value) => top + height - (value - least) * perValue,
    scale: devicePixelRatio || 1,
  };
  const { context } = axes;
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  const width1 = lines.length > CROWD ? 1 : 1.75;
  for (const line of lines) {
    if (line.low && line.high) paintBand(axes, line, line.low, line.high);
  }
  for (const line of lines) {
    const { colour, dash } = line.style;
    if (line.raw) stroke(axes, line.steps, line.raw, `${colour}44`, 1, []);
    stroke(axes, line.steps, line.values, colour, width1, dash);
  }
  context.restore();
  // Those at the ends reach beyond the plot.
  for (const line of lines) if (line.steps.length < MARKED) mark(axes, line, firstStep, lastStep);
}

function stroke(
  { context, x, y, scale }: Axes,
  steps: readonly number[],
  values: readonly number[],
  colour: string,
  width: number,
  dash: readonly number[],
): void {
  context.strokeStyle = colour;
  context.lineWidth = width * scale;
  context.lineJoin = "bevel";
  context.setLineDash(dash.map((length) => length * scale));
  context.beginPath();
  for (let index = 0; index < steps.length; index++) context.lineTo(x(steps[index]!), y(values[index]!));
  context.stroke();
}

function mark(
  { context, x, y, scale }: Axes,
  { steps, values, style }: CurveLine,
  firstStep: number,
  lastStep: number,
): void {
  context.fillStyle = style.colour;
  for (let index = 0; index < steps.length; index++) {
    if (steps[index]! < firstStep || steps[index]! > lastStep) continue;
    context.beginPath();
    context.arc(x(steps[index]!), y(values[index]!), 2.5 * scale, 0, 2 * Math.PI);
    context.fill();
  }
}

function paintBand(axes: Axes, { steps, style }: CurveLine, low: readonly number[], high: readonly number[]): void {
  const { context, x, y } = axes;
  context.fillStyle = `${style.colour}33`;
  const last = steps.length - 1;
  if (last < 1) return;
  if ((x(steps[last]!) - x(steps[0]!)) / last > DENSE) {
    context.beginPath();
    for (let index = 0; index <= last; index++) context.lineTo(x(steps[index]!), y(high[index]!));
    for (let index = last; index >= 0; index--) context.lineTo(x(steps[index]!), y(low[index]!));
    context.fill();
    return;
  }
  // A point stands for the steps since the one before it. Columns of whole pixels do not overlap.
  let start = Math.round(x(steps[0]!));
  let least = low[0]!;
  let most = high[0]!;
  for (let index = 1; index <= last; index++) {
    least = Math.min(least, low[index]!);
    most = Math.max(most, high[index]!);
    const end = Math.round(x(steps[index]!));
    if (end <= start) continue;
    const top = y(most);
    context.fillRect(start, top, end - start, y(least) - top);
    start = end;
    least = Number.POSITIVE_INFINITY;
    most = Number.NEGATIVE_INFINITY;
  }
}
