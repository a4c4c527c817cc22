import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import type { AccuracyEstimate, MetricsLine } from "../run-directory/accuracy-estimate.ts";
import { readJsonLines } from "../run-directory/json-lines-file.ts";
import { runPaths } from "../run-directory/run-paths.ts";
import { readStatus } from "../run-directory/run-status.ts";
import { writeFileAtomically } from "../run-directory/write-file-atomically.ts";
import { readManifest } from "../training/check-same-subjects.ts";
import { type CurvePoint, drawCurve } from "./curve.ts";
import { escapeHtml } from "./escape-html.ts";
import { REPORT_STYLE } from "./report-style.ts";
import { drawSamples } from "./sample-rollouts.ts";

/** Shown first and large; every other metric follows by its name. */
const FIRST = [
  "reward/mean",
  "accuracy/mean",
  "response/length-mean",
  "entropy/mean",
  "gradient/norm-mean",
  "dependency/mean",
];

function updateCurves(lines: readonly MetricsLine[]): string {
  const points = new Map<string, CurvePoint[]>();
  for (const { step, metrics } of lines) {
    for (const [name, value] of Object.entries(metrics)) {
      points.set(name, [...(points.get(name) ?? []), { step, value }]);
    }
  }
  const names = [...points.keys()].sort();
  const first = FIRST.filter((name) => points.has(name));
  const rest = names.filter((name) => !first.includes(name));
  const draw = (chosen: readonly string[]) =>
    `<div class="curves">${chosen.map((name) => drawCurve(name, points.get(name)!)).join("\n")}</div>`;
  return `${draw(first)}<details><summary>All metrics</summary>${draw(rest)}</details>`;
}

function accuracyCurve(lines: readonly MetricsLine[]): string {
  if (lines.length === 0) return "<p>No evaluation was made.</p>";
  const points = lines.map(({ step, metrics }) => ({
    step,
    value: metrics["evaluation/accuracy"]!,
    low: metrics["evaluation/accuracy-low"]!,
    high: metrics["evaluation/accuracy-high"]!,
  }));
  return `<div class="curves">${drawCurve("held-out accuracy", points)}</div>`;
}

function shown(estimate: AccuracyEstimate | undefined): string {
  if (!estimate) return "-";
  const percent = (value: number) => (100 * value).toFixed(1);
  return `${percent(estimate.accuracy)} % <small>(${percent(estimate.low)} to ${percent(estimate.high)}, ${estimate.prompts} prompts)</small>`;
}

/**
 * Writes `report.html`: one file that needs no other, and no network.
 *
 * @returns its path
 * @throws FoveaError if the directory is no run directory.
 */
export async function writeReport(directory: string): Promise<string> {
  const paths = runPaths(resolve(directory));
  if (!existsSync(paths.configuration)) throw new FoveaError(`${directory} is no run directory: it has no config.json`);
  const status = readStatus(paths.status);
  const manifest = readManifest(paths.manifest);
  const lines = readJsonLines<MetricsLine>(paths.metrics);
  const updates = lines.filter(({ kind }) => kind === "update");
  const name = paths.directory.split(/[\\/]/).at(-1)!;
  const facts: readonly (readonly [string, string])[] = [
    ["algorithm", escapeHtml(manifest?.algorithm ?? "-")],
    ["task", escapeHtml(manifest?.task ?? "-")],
    ["seed", escapeHtml(String(manifest?.seed ?? "-"))],
    ["state", escapeHtml(status ? `${status.state}, ${status.step} of ${status.updates} updates` : "-")],
    ["accuracy before", shown(status?.before)],
    ["accuracy after", shown(status?.after)],
    ["training time", status ? `${status.trainingSeconds.toFixed(1)} s, ${status.totalTokens} response tokens` : "-"],
    [
      "engine",
      escapeHtml(
        manifest
          ? Object.entries(manifest.policy)
              .map(([key, value]) => `${key} ${value}`)
              .join(", ")
          : "-",
      ),
    ],
    ["machine", escapeHtml(manifest ? Object.values(manifest.machine).slice(0, 4).join(", ") : "-")],
  ];
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(name)}</title><style>${REPORT_STYLE}</style></head><body><main>
<h1>${escapeHtml(name)}</h1>
${status?.error === undefined ? "" : `<p class="error">${escapeHtml(status.error)}</p>`}
<dl>${facts.map(([term, value]) => `<dt>${term}</dt><dd>${value}</dd>`).join("")}</dl>
<h2>Held-out accuracy</h2>${accuracyCurve(lines.filter(({ kind }) => kind === "evaluation"))}
<h2>Training</h2>${updates.length === 0 ? "<p>No update is recorded yet.</p>" : updateCurves(updates)}
<h2>Samples</h2><p class="legend">The darker a token, the more the image changed its probability; underlined tokens were trained on.</p>
${drawSamples(paths.rollouts)}
<h2>Configuration</h2><pre>${escapeHtml(readFileSync(paths.configuration, "utf8"))}</pre>
</main></body></html>
`;
  await writeFileAtomically(paths.report, html);
  return paths.report;
}
