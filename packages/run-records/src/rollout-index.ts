import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { JsonLinesTail } from "./json-lines-tail.ts";
import { PausableReading, type Pause } from "./pausable.ts";
import { type PerceptionProfile, profileOfSummaries } from "./perception-profile.ts";
import { PerceptionSummary } from "./perception-summary.ts";
import type { Problem } from "./problem.ts";
import { RolloutSearch, searchedText } from "./rollout-query.ts";
import { parseIndexed, parseRollout, type RolloutRecord } from "./rollout-record.ts";
import { ROLLOUT_FOLDERS, type RolloutRow, rolloutRow } from "./rollout-row.ts";

interface IndexedRollout {
  readonly row: RolloutRow;
  readonly searched: string;
  readonly offset: number;
  readonly bytes: number;
}

interface IndexedFile {
  readonly tail: JsonLinesTail;
  readonly step: number;
  rollouts: IndexedRollout[];
  summary: PerceptionSummary;
  problem: Problem | undefined;
}

const NAME = /^step-(\d+)(?:-[\w.-]+)?\.jsonl$/;

/** What a run's rollout files hold, without their tokens: those are read again when one rollout is shown. */
export class RolloutIndex {
  readonly #directory: string;
  readonly #files = new Map<string, IndexedFile>();
  readonly #reading = new PausableReading((pause) => this.#read(pause));
  #rows: readonly RolloutRow[] | undefined;
  #search: RolloutSearch | undefined;
  /** Of all files; none where a file was taken back, until it is asked for. */
  #summary: PerceptionSummary | undefined = new PerceptionSummary();
  /** What is not in it yet: a list of rollouts is not to wait for their statistics. */
  #unmerged: PerceptionSummary[] = [];
  #profile: { readonly value: PerceptionProfile | undefined } | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Reads what is new; with a `pause` in the background. @returns whether anything was. */
  update(pause?: Pause): Promise<boolean> {
    return this.#reading.run(pause);
  }

  async #read(pause: Pause): Promise<boolean> {
    const present = await this.#list();
    let changed = false;
    for (const file of this.#files.keys()) {
      if (present.has(file)) continue;
      changed = this.#files.delete(file);
      this.#summary = undefined;
    }
    for (const [file, step] of present) {
      if (this.#files.has(file)) continue;
      const tail = new JsonLinesTail(join(this.#directory, `${file}.jsonl`));
      this.#files.set(file, { tail, step, rollouts: [], summary: new PerceptionSummary(), problem: undefined });
    }
    const news = await Promise.all([...this.#files.values()].map(({ tail }) => tail.hasNews()));
    for (const [place, [file, entry]] of [...this.#files].entries()) {
      if (news[place]) changed = (await this.#readFile(file, entry, pause)) || changed;
    }
    if (changed) {
      this.#rows = undefined;
      this.#search = undefined;
      this.#profile = undefined;
    }
    return changed;
  }

  async #list(): Promise<ReadonlyMap<string, number>> {
    const found: (readonly [string, number])[] = [];
    const listed = await Promise.all(
      ROLLOUT_FOLDERS.map((folder) => readdir(join(this.#directory, folder)).catch((): string[] => [])),
    );
    for (const [place, folder] of ROLLOUT_FOLDERS.entries()) {
      const steps = listed[place]!.flatMap((name) => {
        const step = name.match(NAME)?.[1];
        return step === undefined ? [] : [[`${folder}/${name.slice(0, -".jsonl".length)}`, Number(step)] as const];
      });
      found.push(...steps.sort(([a, left], [b, right]) => left - right || (a < b ? -1 : 1)));
    }
    return new Map(found);
  }

  async #readFile(file: string, entry: IndexedFile, pause: Pause): Promise<boolean> {
    let fresh = new PerceptionSummary();
    const restart = () => {
      entry.rollouts = [];
      if (entry.summary.rollouts > 0) this.#summary = undefined;
      entry.summary = new PerceptionSummary();
      entry.problem = undefined;
      fresh = new PerceptionSummary();
    };
    const add = (text: string, offset: number, bytes: number) => {
      const rollout = parseIndexed(text);
      if (!rollout) {
        entry.problem ??= {
          file: `${file}.jsonl`,
          message: `the line at byte ${offset} is no rollout; it is left out`,
        };
        return;
      }
      const row = rolloutRow(file, rollout);
      entry.rollouts.push({ row, searched: searchedText(row), offset, bytes });
      const { measured, family } = rollout;
      const isRight = row.accuracy === undefined ? undefined : row.accuracy >= 1;
      if (measured) fresh.add({ ...measured, family, isRight });
    };
    try {
      return await entry.tail.read(restart, ({ text, offset, bytes }) => add(text, offset, bytes), pause);
    } catch (error) {
      entry.problem = { file: `${file}.jsonl`, message: `cannot be read: ${(error as Error).message}` };
      return true;
    } finally {
      if (fresh.rollouts > 0) {
        const isMerged = !this.#unmerged.includes(entry.summary);
        if (entry.summary.rollouts === 0) entry.summary = fresh;
        else entry.summary.merge(fresh);
        // Unless it has grown a summary that waits itself.
        if (isMerged) this.#unmerged.push(fresh);
      }
    }
  }

  get problems(): readonly Problem[] {
    return [...this.#files.values()].flatMap(({ problem }) => (problem ? [problem] : []));
  }

  /** All rollouts, files in order of folder and step. */
  rows(): readonly RolloutRow[] {
    this.#rows ??= this.#entries().flatMap(([, { rollouts }]) => rollouts.map(({ row }) => row));
    return this.#rows;
  }

  /** The same, ready to be searched. */
  search(): RolloutSearch {
    this.#search ??= new RolloutSearch(
      this.rows(),
      this.#entries().flatMap(([, { rollouts }]) => rollouts.map(({ searched }) => searched)),
    );
    return this.#search;
  }

  /** Files with rollouts whose visual dependency was measured. */
  measuredFiles(): readonly string[] {
    return this.#measured().map(([file]) => file);
  }

  /**
   * @param files those taken together; none: all.
   * @returns undefined if nothing in them was measured.
   */
  perception(files: readonly string[] = []): PerceptionProfile | undefined {
    const measured = this.#measured();
    if (files.length === 0) {
      if (this.#summary) for (const fresh of this.#unmerged) this.#summary.merge(fresh);
      else this.#summary = merged(measured);
      this.#unmerged = [];
      this.#profile ??= { value: profileOfSummaries(this.#summary, new Map(measured)) };
      return this.#profile.value;
    }
    const chosen = measured.filter(([file]) => files.includes(file));
    return profileOfSummaries(merged(chosen), new Map(chosen));
  }

  /** Does what the first search and the first {@link perception} would wait for, in small pieces. */
  async prepare(pause: Pause): Promise<void> {
    await this.search().prepare(pause);
    while (this.#summary && this.#unmerged.length > 0) {
      await pause();
      await new Promise((resolve) => setImmediate(resolve));
      const fresh = this.#unmerged.shift();
      if (fresh) this.#summary?.merge(fresh);
    }
    this.perception();
  }

  #measured(): readonly (readonly [string, IndexedFile])[] {
    return this.#entries().filter(([, { summary }]) => summary.rollouts > 0);
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

function merged(files: readonly (readonly [string, IndexedFile])[]): PerceptionSummary {
  const all = new PerceptionSummary();
  for (const [, { summary }] of files) all.merge(summary);
  return all;
}
