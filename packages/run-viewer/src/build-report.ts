import { createHash } from "node:crypto";
import { FoveaError } from "@fovea-rl/core";
import { type PageFile, readPageFiles } from "./page-files.ts";
import { reportData } from "./report-data.ts";
import { RunLibrary } from "./run-library.ts";

export interface ReportOptions {
  /** Size that rollouts and images together may take, so that the file can be mailed; default 4 MB. */
  readonly rolloutBytes?: number;
}

/** JSON that can stand inside a script element: nothing in it can end the element or open a comment. */
export function inlineJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll(">", "\\u003e")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

function hashSource(content: string): string {
  return `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
}

function only(files: ReadonlyMap<string, PageFile>, ending: string): string {
  const found = [...files].filter(([path]) => path.endsWith(ending));
  if (found.length !== 1)
    throw new FoveaError(`the built page has ${found.length} ${ending} files, not one: build it again`);
  return found[0]![1].content.toString("utf8");
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/**
 * The viewer's page with everything it shows inside: one HTML file that opens from disk. Its policy lets it run its own
 * script and style, show images inside it, and nothing else: it can ask nothing of any network.
 *
 * @param folder a run, a comparison or a folder of runs.
 * @throws FoveaError if there is no run in it.
 */
export async function buildReport(folder: string, options: ReportOptions = {}): Promise<string> {
  const files = await readPageFiles();
  const library = await RunLibrary.open([folder]);
  if (library.runs.length === 0) {
    throw new FoveaError(
      `${folder} is no run directory and holds none: it has no config.json, status.json or metrics.jsonl`,
    );
  }
  const data = inlineJson(await reportData(library, options.rolloutBytes ?? 4_000_000));
  const script = only(files, ".js").replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
  const style = only(files, ".css").replaceAll("</style", "<\\/style");
  const policy = `default-src 'none'; script-src ${hashSource(script)}; style-src ${hashSource(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
  const title =
    library.runs.length === 1 ? library.runs[0]!.id : (folder.split(/[\\/]/).findLast((part) => part !== "") ?? folder);
  // The script stands last: a module script would wait by itself, but one from disk may have no origin to be a module of.
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(title)} · Fovea</title>
<style>${style}</style>
</head>
<body>
<div id="page"></div>
<script type="application/json" id="report-data">${data}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}
