import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { JsonLinesTail } from "./json-lines-tail.ts";
import type { MeasuredRollout } from "./perception-profile.ts";
import type { Problem } from "./problem.ts";
import { parseRollout, type RolloutRecord } from "./rollout-record.ts";
import { ROLLOUT_FOLDERS, type RolloutRow, rolloutRow } from "./rollout-row.ts";

interface IndexedRollout {
  readonly row: RolloutRow;
  readonly offset: number;
  readonly bytes: number;
  readonly measured: MeasuredRollout | undefined;
}

interface IndexedFile {
  readonly tail: JsonLinesTail;
  readonly step: number;
  rollouts: IndexedRollout[];
  problem: Problem | undefined;
}

const NAME = /^step-(\d+)(?:-[\w.-]+)?\.jsonl$/;

/** What a run's rollout files hold, without their tokens: those are read again when one rollout is shown. */
export class RolloutIndex {
  readonly #directory: string;
  readonly #files = new Map<string, IndexedFile>();
  readonly #texts = new Map<string, string>();
  #rows: readonly RolloutRow[] | undefined;
  #reading: Promise<boolean> | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Reads what is new. @returns whether anything was. */
  update(): Promise<boolean> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<boolean> {
    const present = await this.#list();
    let changed = false;
    for (const file of this.#files.keys()) {
      if (!present.has(file)) changed = this.#files.delete(file) || changed;
    }
    for (const [file, step] of present) {
      let entry = this.#files.get(file);
      if (!entry) {
        entry = {
          tail: new JsonLinesTail(join(this.#directory, `${file}.jsonl`)),
          step,
          rollouts: [],
          problem: undefined,
        };
        this.#files.set(file, entry);
      }
      changed = (await this.#readFile(file, entry)) || changed;
    }
    if (changed) this.#rows = undefined;
    return changed;
  }

  async #list(): Promise<ReadonlyMap<string, number>> {
    const found: (readonly [string, number])[] = [];
    for (const folder of ROLLOUT_FOLDERS) {
      const names = await readdir(join(this.#directory, folder)).catch(() => []);
      const steps = names.flatMap((name) => {
        const step = name.match(NAME)?.[1];
        return step === undefined ? [] : [[`${folder}/${name.slice(0, -".jsonl".length)}`, Number(step)] as const];
      });
      found.push(...steps.sort(([a, left], [b, right]) => left - right || (a < b ? -1 : 1)));
    }
    return new Map(found);
  }

  async #readFile(file: string, entry: IndexedFile): Promise<boolean> {
    const restart = () => {
      entry.rollouts = [];
      entry.problem = undefined;
    };
    try {
      return await entry.tail.read(restart, ({ text, offset, bytes }) => {
        const rollout = parseRollout(text);
        if (rollout) {
          entry.rollouts.push({ row: rolloutRow(file, rollout), offset, bytes, measured: this.#measure(rollout) });
        } else {
          entry.problem ??= {
            file: `${file}.jsonl`,
            message: `the line at byte ${offset} is no rollout; it is left out`,
          };
        }
      });
    } catch (error) {
      entry.problem = { file: `${file}.jsonl`, message: `cannot be read: ${(error as Error).message}` };
      return true;
    }
  }

  #measure({ columns, tokenTexts, family, components }: RolloutRecord): MeasuredRollout | undefined {
    const { dependency } = columns;
    if (!dependency || dependency.length === 0) return undefined;
    // The same few token texts again and again: one copy of each is kept.
    const own = tokenTexts.map((text) => {
      const kept = this.#texts.get(text);
      if (kept === undefined) this.#texts.set(text, text);
      return kept ?? text;
    });
    const accuracy = components["accuracy"];
    return {
      dependency: Float32Array.from(dependency),
      tokenTexts: own,
      family,
      isRight: accuracy === undefined ? undefined : accuracy >= 1,
    };
  }

  get problems(): readonly Problem[] {
    return [...this.#files.values()].flatMap(({ problem }) => (problem ? [problem] : []));
  }

  /** All rollouts, files in order of folder and step. */
  rows(): readonly RolloutRow[] {
    this.#rows ??= this.#entries().flatMap(([, { rollouts }]) => rollouts.map(({ row }) => row));
    return this.#rows;
  }

  /** Rollouts whose visual dependency was measured, by file. */
  measured(): ReadonlyMap<string, { readonly step: number; readonly rollouts: readonly MeasuredRollout[] }> {
    const files = this.#entries().map(([file, { step, rollouts }]) => {
      return [file, { step, rollouts: rollouts.flatMap(({ measured }) => measured ?? []) }] as const;
    });
    return new Map(files.filter(([, { rollouts }]) => rollouts.length > 0));
  }

  /** One rollout with its tokens; undefined if there is no such. */
  async rollout(file: string, promptId: string, sampleIndex: number): Promise<RolloutRecord | undefined> {
    const found = this.#files
      .get(file)
      ?.rollouts.find(({ row }) => row.promptId === promptId && row.sampleIndex === sampleIndex);
    if (!found) return undefined;
    const handle = await open(join(this.#directory, `${file}.jsonl`), "r");
    try {
      const buffer = Buffer.alloc(found.bytes);
      await handle.read(buffer, 0, found.bytes, found.offset);
      return parseRollout(buffer.toString("utf8"));
    } finally {
      await handle.close();
    }
  }

  #entries(): readonly (readonly [string, IndexedFile])[] {
    const folder = (file: string) => ROLLOUT_FOLDERS.findIndex((name) => file.startsWith(`${name}/`));
    return [...this.#files].sort(
      ([a, left], [b, right]) => folder(a) - folder(b) || left.step - right.step || (a < b ? -1 : 1),
    );
  }
}
