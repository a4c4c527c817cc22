import { formatPercent, formatPoints } from "../text/format-number.ts";

/** As comparison.json holds it, or as a reader of it does: one seed has no interval. */
interface MeanWithInterval {
  readonly mean: number;
  readonly low: number | null | undefined;
  readonly high: number | null | undefined;
}

export function percentInterval({ low, high }: Pick<MeanWithInterval, "low" | "high">): string {
  return low == null || high == null ? "one seed" : `${formatPercent(low)} to ${formatPercent(high)}`;
}

export function pointsInterval(difference: MeanWithInterval | null | undefined): string {
  if (!difference) return "–";
  const { mean, low, high } = difference;
  const interval = low == null || high == null ? "one seed" : `${formatPoints(low)} to ${formatPoints(high)}`;
  return `${formatPoints(mean)} (${interval})`;
}
