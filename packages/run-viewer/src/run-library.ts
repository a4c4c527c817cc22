import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import {
  type ComparisonLocation,
  discoverRuns,
  MetricHistory,
  type Overview,
  type Pause,
  type PerceptionAnswer,
  type RolloutAnswer,
  type RolloutDetail,
  RolloutIndex,
  type RolloutQuery,
  type RolloutReference,
  type RunLocation,
  type RunNames,
  readComparison,
  readRunSummary,
  rolloutDetail,
  type Series,
  type StepRange,
} from "@fovea-rl/run-records";

/** Asked for something that is not there: a run that was removed, a rollout that a resumed run took back. */
export class NotFoundError extends FoveaError {}

/** Columns of metrics kept in memory; beyond, those of runs not looked at for longest are read again when needed. */
const LARGEST_HISTORY_BYTES = 512 * 2 ** 20;
/** Rollouts that are read before anyone asks; about a kilobyte each. */
const PREPARED_ROLLOUTS = 300_000;

/** The runs in some folders, read when asked for and kept while they do not change. */
export class RunLibrary {
  readonly #folders: readonly string[];
  #runs = new Map<string, RunLocation>();
  #comparisons: readonly ComparisonLocation[] = [];
  /** In the order of last use. */
  readonly #histories = new Map<string, MetricHistory>();
  readonly #indices = new Map<string, RolloutIndex>();

  private constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** @throws FoveaError naming a folder that is not there. */
  static async open(folders: readonly string[]): Promise<RunLibrary> {
    for (const folder of folders) {
      await realpath(folder).catch(() => {
        throw new FoveaError(`there is no folder ${folder}: name a run, a comparison or a folder of runs`);
      });
    }
    const library = new RunLibrary(folders);
    await library.discover();
    return library;
  }

  /** Looks for runs that were added or removed. @returns whether there are any. */
  async discover(): Promise<boolean> {
    const { runs, comparisons } = await discoverRuns(this.#folders);
    const before = [...this.#runs.keys()].join("\n");
    this.#runs = new Map(runs.map((run) => [run.id, run]));
    this.#comparisons = comparisons;
    return before !== [...this.#runs.keys()].join("\n");
  }

  get runs(): readonly RunLocation[] {
    return [...this.#runs.values()];
  }

  /** @throws NotFoundError */
  directory(run: string): string {
    const found = this.#runs.get(run);
    if (!found) throw new NotFoundError(`there is no run "${run}"`);
    return found.directory;
  }

  async overview(): Promise<Overview> {
    const comparisons = await Promise.all(this.#comparisons.map(readComparison));
    const labels = new Map(comparisons.flatMap(({ runs }) => runs.map(({ id, label }) => [id, label] as const)));
    const runs = await Promise.all(
      this.runs.map(async ({ id, directory }) => {
        const label = labels.get(id);
        return { ...(await readRunSummary(id, directory)), ...(label === undefined ? {} : { label }) };
      }),
    );
    const newest = (created: string | undefined) => (created === undefined ? 0 : Date.parse(created) || 0);
    return {
      runs: runs.sort((a, b) => newest(b.createdAt) - newest(a.createdAt) || (a.id < b.id ? -1 : 1)),
      comparisons,
      folders: this.#folders.map((folder) => basename(folder)),
    };
  }

  async metricNames(run: string): Promise<RunNames> {
    const history = await this.#history(run);
    return { names: history.names(), problems: history.problems };
  }

  async series(
    run: string,
    names: readonly string[],
    points: number,
    range?: StepRange,
  ): Promise<Readonly<Record<string, Series>>> {
    const history = await this.#history(run);
    const found = names.map((name) => [name, history.series(name, points, range)] as const);
    return Object.fromEntries(found.filter((entry): entry is readonly [string, Series] => entry[1] !== undefined));
  }

  async rollouts(run: string, query: RolloutQuery): Promise<RolloutAnswer> {
    const index = await this.#index(run);
    return { ...index.search().query(query), problems: index.problems };
  }

  async rollout(run: string, { file, promptId, sampleIndex }: RolloutReference): Promise<RolloutDetail> {
    const index = await this.#index(run);
    const rollout = await index.rollout(file, promptId, sampleIndex);
    if (!rollout) throw new NotFoundError(`${run}/${file}.jsonl has no rollout ${sampleIndex} of prompt "${promptId}"`);
    return rolloutDetail(index.rows(), file, rollout);
  }

  /** @param files those taken together; none: all. */
  async perception(run: string, files: readonly string[]): Promise<PerceptionAnswer> {
    const index = await this.#index(run);
    return { files: index.measuredFiles(), profile: index.perception(files), problems: index.problems };
  }

  /**
   * Reads the runs before anyone asks for them, the newest first, as many as memory is kept for.
   *
   * @param pause while it says so, nothing is read.
   * @param signal ends it.
   */
  async prepare(pause: Pause, signal: AbortSignal): Promise<void> {
    const { runs } = await this.overview();
    let rollouts = 0;
    for (const { id } of runs) {
      await pause();
      // It may have been removed, and a run that cannot be read says so when it is asked for.
      if (signal.aborted || !this.#runs.has(id)) continue;
      if (this.#historyBytes() < LARGEST_HISTORY_BYTES * 0.9) await this.#history(id, pause);
      if (rollouts >= PREPARED_ROLLOUTS || signal.aborted) continue;
      const index = await this.#index(id, pause);
      await pause();
      rollouts += index.rows().length;
      await index.prepare(pause);
    }
  }

  #historyBytes(): number {
    let bytes = 0;
    for (const entry of this.#histories.values()) bytes += entry.bytes;
    return bytes;
  }

  async #history(run: string, pause?: Pause): Promise<MetricHistory> {
    const directory = this.directory(run);
    const history = this.#histories.get(run) ?? new MetricHistory(directory);
    if (!pause) this.#histories.delete(run);
    this.#histories.set(run, history);
    await history.update(pause);
    let bytes = this.#historyBytes();
    for (const [id, entry] of this.#histories) {
      if (bytes <= LARGEST_HISTORY_BYTES || id === run) break;
      bytes -= entry.bytes;
      this.#histories.delete(id);
    }
    return history;
  }

  async #index(run: string, pause?: Pause): Promise<RolloutIndex> {
    const directory = this.directory(run);
    let index = this.#indices.get(run);
    if (!index) {
      index = new RolloutIndex(directory);
      this.#indices.set(run, index);
    }
    await index.update(pause);
    return index;
  }
}
