import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";

/** A directory that is shown as a run. */
export interface RunLocation {
  readonly id: string;
  readonly directory: string;
}

/** A comparison directory. */
export interface ComparisonLocation {
  readonly id: string;
  readonly directory: string;
  /** Those found in it. */
  readonly runs: readonly RunLocation[];
}

export interface DiscoveredRuns {
  readonly runs: readonly RunLocation[];
  readonly comparisons: readonly ComparisonLocation[];
}

/** Any of these makes a directory a run, so that a broken one is still shown as one. */
const RUN_FILES = ["config.json", "manifest.json", "status.json", "metrics.jsonl"];
/** runs/<comparison>/<run>, and one folder of one's own around it. */
const DEEPEST = 3;

/**
 * Finds runs and comparisons in folders; a folder may itself be a run or a comparison. Links are not followed below the
 * folders named.
 */
export async function discoverRuns(roots: readonly string[]): Promise<DiscoveredRuns> {
  const found = new Map<string, { root: string; isRun: boolean }>();
  const visit = async (root: string, directory: string, depth: number): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    const files = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
    const isRun = RUN_FILES.some((name) => files.has(name));
    if (isRun || files.has("comparison.json")) found.set(directory, { root, isRun });
    if (isRun || depth === DEEPEST) return;
    const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
    await Promise.all(folders.map(({ name }) => visit(root, join(directory, name), depth + 1)));
  };
  const real = await Promise.all(roots.map((root) => realpath(root)));
  for (const root of real) await visit(root, root, 0);
  const taken = new Set<string>();
  const locate = (directory: string, root: string): RunLocation => {
    const path = directory === root ? basename(directory) : relative(root, directory).split(sep).join("/");
    // The same name in two roots: the root's own name tells them apart, or a number.
    const candidates = [path, `${basename(root)}/${path}`];
    let id = candidates.find((candidate) => !taken.has(candidate));
    for (let number = 2; id === undefined; number++) {
      if (!taken.has(`${path} (${number})`)) id = `${path} (${number})`;
    }
    taken.add(id);
    return { id, directory };
  };
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  const runs = sorted.filter(([, { isRun }]) => isRun).map(([directory, { root }]) => locate(directory, root));
  const comparisons = sorted
    .filter(([, { isRun }]) => !isRun)
    .map(([directory, { root }]) => ({
      ...locate(directory, root),
      runs: runs.filter((run) => dirname(run.directory) === directory),
    }));
  return { runs, comparisons };
}
