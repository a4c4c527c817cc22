import {
  imageKey,
  type PerceptionAnswer,
  type ReportData,
  type RolloutRecord,
  type RolloutReference,
  type RolloutRow,
  type RunNames,
  type Series,
} from "@fovea-rl/run-records";
import { readRunImage } from "./run-image.ts";
import type { RunLibrary } from "./run-library.ts";

/** Points of a curve in a report. */
const POINTS = 600;

interface Budget {
  bytes: number;
}

/**
 * Everything a report shows of the runs of a library: all numbers, and as many rollouts as fit, whole groups evenly over the
 * steps; those of `fovea perceive` first.
 *
 * @param bytes of JSON that rollouts and images together may take.
 */
export async function reportData(library: RunLibrary, bytes: number): Promise<ReportData> {
  const overview = await library.overview();
  const names: Record<string, RunNames> = {};
  const series: Record<string, Readonly<Record<string, Series>>> = {};
  const rollouts: Record<string, ReportData["rollouts"][string]> = {};
  const perception: Record<string, Record<string, PerceptionAnswer>> = {};
  const images: Record<string, string> = {};
  // Each run gets an equal part of what is left, so that what a small run leaves goes to the others.
  let left = bytes;
  for (const [position, { id }] of overview.runs.entries()) {
    const share = Math.floor(left / (overview.runs.length - position));
    const own = await library.metricNames(id);
    names[id] = own;
    const all = [...own.names.updates, ...own.names.evaluations, ...own.names.timings];
    series[id] = await library.series(id, [...new Set(all)], POINTS);
    perception[id] = await perceptionAnswers(library, id);
    const budget = { bytes: share };
    rollouts[id] = await chooseRollouts(library, id, budget, images);
    left -= share - budget.bytes;
  }
  return { createdAt: new Date().toISOString(), overview, names, series, rollouts, perception, images };
}

async function perceptionAnswers(library: RunLibrary, run: string): Promise<Record<string, PerceptionAnswer>> {
  const all = await library.perception(run, []);
  const answers: Record<string, PerceptionAnswer> = { "": all };
  for (const file of all.files) answers[file] = await library.perception(run, [file]);
  return answers;
}

async function chooseRollouts(
  library: RunLibrary,
  run: string,
  budget: Budget,
  images: Record<string, string>,
): Promise<ReportData["rollouts"][string]> {
  const { rows, total } = await library.rollouts(run, { take: Number.POSITIVE_INFINITY });
  const groups = new Map<string, RolloutRow[]>();
  for (const row of rows) {
    const key = `${row.file}\n${row.promptId}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const entries: { place: number; row: RolloutRow; rollout: RolloutRecord }[] = [];
  const places = new Map(rows.map((row, place) => [row, place]));
  for (const group of spread([...groups.values()])) {
    const found: typeof entries = [];
    const needed: Record<string, string> = {};
    let bytes = 0;
    for (const row of group) {
      const reference: RolloutReference = row;
      const { rollout } = await library.rollout(run, reference);
      found.push({ place: places.get(row)!, row, rollout });
      bytes += JSON.stringify(rollout).length + JSON.stringify(row).length;
      for (const path of [...rollout.images, ...(rollout.perturbedImages ?? [])]) {
        const key = imageKey(run, row.file, path);
        if (key in images || key in needed) continue;
        const image = await readRunImage(library.directory(run), row.file, path).catch(() => undefined);
        if (!image) continue;
        needed[key] = `data:image/png;base64,${image.toString("base64")}`;
        bytes += needed[key]!.length + key.length;
      }
    }
    if (bytes > budget.bytes) break;
    budget.bytes -= bytes;
    entries.push(...found);
    Object.assign(images, needed);
  }
  entries.sort((a, b) => a.place - b.place);
  return { recorded: total, entries: entries.map(({ row, rollout }) => ({ row, rollout })) };
}

/**
 * Groups in an order of which every beginning is spread over the files: the first group of the last file, of the first, of
 * the middle one, ..., then the second group of each.
 */
function spread(groups: readonly (readonly RolloutRow[])[]): readonly (readonly RolloutRow[])[] {
  const byFile = new Map<string, (readonly RolloutRow[])[]>();
  for (const group of groups) {
    const { file } = group[0]!;
    byFile.set(file, [...(byFile.get(file) ?? []), group]);
  }
  const perceived = [...byFile.keys()].filter((file) => file.startsWith("perception/"));
  const others = [...byFile.keys()].filter((file) => !file.startsWith("perception/"));
  const files = [...perceived, ...halving(others)];
  const most = Math.max(0, ...[...byFile.values()].map(({ length }) => length));
  return Array.from({ length: most }, (_, place) =>
    files.flatMap((file) => byFile.get(file)?.slice(place, place + 1) ?? []),
  ).flat();
}

/** Last, first, then midpoints of ever smaller gaps. */
function halving<Item>(items: readonly Item[]): readonly Item[] {
  const chosen = new Set<number>(items.length === 0 ? [] : [items.length - 1, 0]);
  const gaps: [number, number][] = [[0, items.length - 1]];
  for (let gap = gaps.shift(); gap; gap = gaps.shift()) {
    const [start, end] = gap;
    const middle = Math.floor((start + end) / 2);
    if (end - start < 2) continue;
    chosen.add(middle);
    gaps.push([start, middle], [middle, end]);
  }
  return [...chosen].map((index) => items[index]!);
}
