import { escapeHtml } from "./escape-html.ts";

export interface CurvePoint {
  readonly step: number;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

const WIDTH = 360;
const HEIGHT = 180;
const LEFT = 48;
const BOTTOM = 24;
const TOP = 12;
const RIGHT = 10;

/** A short label for an axis. */
function label(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 0.001 || size >= 100_000)
    ? value.toExponential(1)
    : String(Number(value.toPrecision(3)));
}

/** One metric over steps as an SVG drawing with its extremes on the axis; intervals are drawn as bars. */
export function drawCurve(title: string, points: readonly CurvePoint[]): string {
  const values = points.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const bottom = values.reduce((least, value) => Math.min(least, value));
  const top = values.reduce((most, value) => Math.max(most, value));
  const span = top - bottom || 1;
  const first = points[0]!.step;
  const last = points.at(-1)!.step;
  const x = (step: number) => LEFT + ((step - first) / (last - first || 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - ((value - bottom) / span) * (HEIGHT - BOTTOM - TOP);
  const at = ({ step, value }: CurvePoint) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`;
  const bars = points
    .filter(({ low, high }) => low !== undefined && high !== undefined)
    .map(
      ({ step, low, high }) => `<line class="bar" x1="${x(step)}" x2="${x(step)}" y1="${y(low!)}" y2="${y(high!)}"/>`,
    )
    .join("");
  const dots =
    points.length <= 40
      ? points.map((point) => `<circle cx="${x(point.step)}" cy="${y(point.value)}" r="2"/>`).join("")
      : "";
  const summary = `${title}: ${label(points[0]!.value)} at step ${first}, ${label(points.at(-1)!.value)} at step ${last}`;
  return `<figure><figcaption>${escapeHtml(title)} <b>${label(points.at(-1)!.value)}</b></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(summary)}">
<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM}"/>
<line class="axis" x1="${LEFT}" x2="${LEFT}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>
<text x="${LEFT - 6}" y="${y(top) + 4}" text-anchor="end">${label(top)}</text>
<text x="${LEFT - 6}" y="${y(bottom) + 4}" text-anchor="end">${label(bottom)}</text>
<text x="${LEFT}" y="${HEIGHT - 6}">${first}</text><text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${last}</text>
${bars}<polyline points="${points.map(at).join(" ")}"/>${dots}</svg></figure>`;
}
