import type { DependencyHistogram } from "@fovea-rl/run-records/view-data";
import { formatNumber } from "../text/format-number.ts";

interface HistogramProperties {
  readonly title: string;
  readonly axis: string;
  readonly histogram: DependencyHistogram;
  /** Counts on a logarithmic axis: a thin tail stays visible beside a peak. */
  readonly isLog: boolean;
}

const WIDTH = 440;
const HEIGHT = 190;
const LEFT = 46;
const RIGHT = 22;
const BOTTOM = 36;
const TOP = 8;

function countTicks(most: number, isLog: boolean): readonly number[] {
  if (!isLog) return [0, Math.round(most / 2), most].filter((tick, index, all) => all.indexOf(tick) === index);
  return Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, power) => 10 ** power);
}

export function Histogram({ title, axis, histogram, isLog }: HistogramProperties) {
  const { edges, counts } = histogram;
  const most = Math.max(1, ...counts);
  const end = edges.at(-1)!;
  const innerWidth = WIDTH - LEFT - RIGHT;
  const innerHeight = HEIGHT - TOP - BOTTOM;
  // On the logarithmic axis a count of 1 has still some height, and 0 none.
  const share = (count: number) => {
    if (count === 0) return 0;
    return isLog ? (Math.log10(count) + 0.15) / (Math.log10(most) + 0.15) : count / most;
  };
  const x = (value: number) => LEFT + (value / end) * innerWidth;
  const y = (count: number) => TOP + innerHeight * (1 - share(count));
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (
    <figure class="histogram">
      <figcaption>{title}</figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title}: ${total} values from 0 to ${formatNumber(end)}, ${counts[0]} in the lowest of ${counts.length} bins`}
      >
        {countTicks(most, isLog).map((tick) => (
          <g key={tick}>
            <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} class="grid" />
            <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
              {formatNumber(tick)}
            </text>
          </g>
        ))}
        {counts.map((count, bin) => (
          <rect
            key={edges[bin]}
            x={x(edges[bin]!)}
            y={y(count)}
            width={Math.max(0.5, innerWidth / counts.length - 1)}
            height={innerHeight + TOP - y(count)}
            class="bin"
          >
            <title>{`${formatNumber(edges[bin])} to ${formatNumber(edges[bin + 1])}: ${count}`}</title>
          </rect>
        ))}
        {[0, end / 2, end].map((tick) => (
          <text key={tick} x={x(tick)} y={HEIGHT - BOTTOM + 15} text-anchor="middle">
            {formatNumber(tick)}
          </text>
        ))}
        <text x={LEFT + innerWidth / 2} y={HEIGHT - 4} text-anchor="middle" class="axis">
          {axis}
          {isLog ? " (counts logarithmic)" : ""}
        </text>
      </svg>
    </figure>
  );
}
