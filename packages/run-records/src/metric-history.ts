import { join } from "node:path";
import { bucketSeries } from "./bucket-series.ts";
import { JsonLinesTail, type TailLine } from "./json-lines-tail.ts";
import { isJsonObject } from "./json-object.ts";
import { MetricTable } from "./metric-table.ts";
import { PausableReading, type Pause } from "./pausable.ts";
import type { Problem } from "./problem.ts";
import type { MetricNames, Series, StepRange } from "./series.ts";

interface Source {
  readonly file: string;
  readonly key: "metrics" | "timings";
  readonly tail: JsonLinesTail;
  problem: Problem | undefined;
}

/** Every number of a run's metrics.jsonl and timings.jsonl, in columns, read once and then as the files grow. */
export class MetricHistory {
  readonly #tables = { metrics: emptyTables(), timings: emptyTables() };
  readonly #sources: readonly Source[];
  readonly #reading = new PausableReading((pause) => this.#read(pause));

  constructor(directory: string) {
    this.#sources = (["metrics", "timings"] as const).map((key) => ({
      file: `${key}.jsonl`,
      key,
      tail: new JsonLinesTail(join(directory, `${key}.jsonl`)),
      problem: undefined,
    }));
  }

  /** Reads what is new; with a `pause` in the background. @returns whether anything was. */
  update(pause?: Pause): Promise<boolean> {
    return this.#reading.run(pause);
  }

  async #read(pause: Pause): Promise<boolean> {
    let changed = false;
    for (const source of this.#sources) {
      const restart = () => {
        source.problem = undefined;
        this.#tables[source.key] = emptyTables();
      };
      try {
        changed = (await source.tail.read(restart, (line) => this.#add(source, line), pause)) || changed;
      } catch (error) {
        source.problem = { file: source.file, message: `cannot be read: ${(error as Error).message}` };
      }
    }
    return changed;
  }

  #add(source: Source, line: TailLine): void {
    let value: unknown;
    try {
      value = JSON.parse(line.text);
    } catch {
      value = undefined;
    }
    const numbers = isJsonObject(value) ? value[source.key] : undefined;
    const step = isJsonObject(value) ? value["step"] : undefined;
    if (!isJsonObject(value) || !isJsonObject(numbers) || typeof step !== "number") {
      source.problem ??= { file: source.file, message: `the line at byte ${line.offset} is no record; it is left out` };
      return;
    }
    const tables = this.#tables[source.key];
    (value["kind"] === "evaluation" ? tables.evaluation : tables.update).append(step, numbers);
  }

  get problems(): readonly Problem[] {
    return this.#sources.flatMap(({ problem }) => (problem ? [problem] : []));
  }

  /** Memory that the columns take. */
  get bytes(): number {
    return this.#all().reduce((sum, table) => sum + table.bytes, 0);
  }

  names(): MetricNames {
    const { metrics, timings } = this.#tables;
    return {
      updates: metrics.update.names,
      evaluations: metrics.evaluation.names,
      timings: [...new Set([...timings.update.names, ...timings.evaluation.names])],
    };
  }

  /**
   * @param points longer series are given as means of equal ranges of steps.
   * @param range only of these steps, both included.
   */
  series(name: string, points: number, range?: StepRange): Series | undefined {
    const table = this.#all().find((candidate) => candidate.has(name));
    if (!table) return undefined;
    const { steps } = table;
    const from = range ? firstAtLeast(steps, range.from) : 0;
    const to = range ? firstAtLeast(steps, range.to + 1) : steps.length;
    return bucketSeries(steps.subarray(from, to), table.column(name).subarray(from, to), points);
  }

  /** The value of the last line that has the metric. */
  last(name: string): number | undefined {
    return this.#all()
      .find((table) => table.has(name))
      ?.column(name)
      .findLast((value) => !Number.isNaN(value));
  }

  #all(): readonly MetricTable[] {
    const { metrics, timings } = this.#tables;
    return [metrics.update, metrics.evaluation, timings.update, timings.evaluation];
  }
}

/** Place of the first of the ascending steps that is at least so large. */
function firstAtLeast(steps: Float64Array, step: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]! < step) low = middle + 1;
    else high = middle;
  }
  return low;
}

function emptyTables() {
  return { update: new MetricTable(), evaluation: new MetricTable() };
}
