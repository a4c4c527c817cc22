import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ROLLOUT_FOLDERS, type RunChange } from "@fovea-rl/run-records";
import type { RunLibrary } from "./run-library.ts";

type Part = RunChange["what"][number];

async function stamp(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found ? `${found.ino}:${found.size}:${found.mtimeMs}` : "";
}

/** A folder's own time changes when a file appears in it, and rollout files appear whole. */
async function stampsOf(directory: string): Promise<Readonly<Record<Part, string>>> {
  const [status, config, manifest, lock, metrics, timings, ...folders] = await Promise.all(
    [
      "status.json",
      "config.json",
      "manifest.json",
      "run.lock",
      "metrics.jsonl",
      "timings.jsonl",
      ...ROLLOUT_FOLDERS,
    ].map((name) => stamp(join(directory, name))),
  );
  return {
    summary: [status, config, manifest, lock].join(),
    metrics: [metrics, timings].join(),
    rollouts: folders.join(),
  };
}

/**
 * Says what changes in the runs, by looking at sizes and times: unlike file notifications, that works on every file system.
 * It looks only while someone listens.
 */
export class RunWatcher {
  readonly #library: RunLibrary;
  readonly #interval: number;
  readonly #listeners = new Set<(changes: readonly RunChange[]) => void>();
  readonly #stamps = new Map<string, Readonly<Record<Part, string>>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(library: RunLibrary, interval: number) {
    this.#library = library;
    this.#interval = interval;
  }

  /** @returns a function that ends it. */
  listen(listener: (changes: readonly RunChange[]) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#schedule(0);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) {
        clearTimeout(this.#timer);
        this.#timer = undefined;
        this.#stamps.clear();
      }
    };
  }

  #schedule(delay: number): void {
    this.#timer = setTimeout(() => {
      this.#look()
        // A folder that vanishes while it is looked at is looked at again.
        .catch(() => {})
        .finally(() => {
          if (this.#listeners.size > 0) this.#schedule(this.#interval);
        });
    }, delay);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    await this.#library.discover();
    const { runs } = this.#library;
    const isFirst = this.#stamps.size === 0;
    const changes: RunChange[] = [];
    await Promise.all(
      runs.map(async ({ id, directory }) => {
        const before = this.#stamps.get(id);
        const now = await stampsOf(directory);
        this.#stamps.set(id, now);
        const parts = (Object.keys(now) as Part[]).filter((part) => before?.[part] !== now[part]);
        if (!isFirst && parts.length > 0) changes.push({ run: id, what: parts });
      }),
    );
    for (const id of this.#stamps.keys()) {
      if (runs.some((run) => run.id === id)) continue;
      this.#stamps.delete(id);
      changes.push({ run: id, what: ["summary"] });
    }
    if (changes.length > 0) for (const listener of this.#listeners) listener(changes);
  }
}
