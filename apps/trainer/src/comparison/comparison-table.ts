import type { ComparedContender, ComparedRun, ContenderSummary } from "./comparison-result.ts";
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

/** Cells of the summary, one row a contender. */
export function comparisonRows(summary: readonly ContenderSummary[]): readonly (readonly string[])[] {
  return summary.map(({ label, seeds, mean, low, high, gain, differenceToFirst, totalTokens, trainingSeconds }) => [
    label,
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

/** What labels stand for; nothing where they are the algorithms' names. */
function labelSection(contenders: readonly ComparedContender[]): string {
  if (contenders.every(({ label, algorithm }) => label === algorithm)) return "";
  const rows = contenders.map(({ label, algorithm, options }) => [label, algorithm, `\`${JSON.stringify(options)}\``]);
  return `## Labels

${markdownTable(["label", "algorithm", "options; the rest are its defaults"], rows)}

`;
}

/** comparison.md */
export function comparisonMarkdown(
  name: string,
  contenders: readonly ComparedContender[],
  summary: readonly ContenderSummary[],
  runs: readonly ComparedRun[],
): string {
  const runRows = runs.map(({ label, seed, state, before, after, totalTokens, trainingSeconds, directory }) => [
    label,
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

${labelSection(contenders)}## Runs

${markdownTable(["algorithm", "seed", "state", "before", "after", "tokens", "training", "report"], runRows)}
`;
}
