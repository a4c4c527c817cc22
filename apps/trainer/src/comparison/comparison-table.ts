import type { AlgorithmSummary, ComparedRun } from "./comparison-result.ts";
import { COMPARISON_METHOD } from "./comparison-result.ts";

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const points = (value: number) => `${value >= 0 ? "+" : ""}${(100 * value).toFixed(1)}`;

export const COMPARISON_HEAD = [
  "algorithm",
  "seeds",
  "accuracy after",
  "95 % interval",
  "gain (points)",
  "difference to first (points)",
  "95 % interval of it",
  "tokens",
  "training",
] as const;

/** Cells of the summary, one row an algorithm. */
export function comparisonRows(summary: readonly AlgorithmSummary[]): readonly (readonly string[])[] {
  return summary.map(({ algorithm, seeds, mean, low, high, gain, differenceToFirst, totalTokens, trainingSeconds }) => [
    algorithm,
    seeds.join(", "),
    percent(mean),
    low === null || high === null ? "-" : `${percent(low)} to ${percent(high)}`,
    points(gain),
    differenceToFirst === null ? "-" : points(differenceToFirst.mean),
    differenceToFirst === null || differenceToFirst.low === null || differenceToFirst.high === null
      ? "-"
      : `${points(differenceToFirst.low)} to ${points(differenceToFirst.high)}`,
    String(Math.round(totalTokens)),
    `${trainingSeconds.toFixed(0)} s`,
  ]);
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** comparison.md */
export function comparisonMarkdown(
  name: string,
  summary: readonly AlgorithmSummary[],
  runs: readonly ComparedRun[],
): string {
  const runRows = runs.map(({ algorithm, seed, state, before, after, totalTokens, trainingSeconds, directory }) => [
    algorithm,
    String(seed),
    state,
    before ? percent(before.accuracy) : "-",
    after ? percent(after.accuracy) : "-",
    String(totalTokens),
    `${trainingSeconds.toFixed(0)} s`,
    `[${directory}](${directory}/report.html)`,
  ]);
  return `# ${name}

${markdownTable(COMPARISON_HEAD, comparisonRows(summary))}

${COMPARISON_METHOD}

## Runs

${markdownTable(["algorithm", "seed", "state", "before", "after", "tokens", "training", "report"], runRows)}
`;
}
