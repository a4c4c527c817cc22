import { join } from "node:path";
import { bucketSeries } from "./bucket-series.ts";
import { JsonLinesTail, type TailLine } from "./json-lines-tail.ts";
import { isJsonObject } from "./json-object.ts";
import { MetricTable } from "./metric-table.ts";
import type { Problem } from "./problem.ts";
import type { MetricNames, Series } from "./series.ts";

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
  #reading: Promise<boolean> | undefined;

  constructor(directory: string) {
    this.#sources = (["metrics", "timings"] as const).map((key) => ({
      file: `${key}.jsonl`,
      key,
      tail: new JsonLinesTail(join(directory, `${key}.jsonl`)),
      problem: undefined,
    }));
  }

  /** Reads what is new. @returns whether anything was. */
  update(): Promise<boolean> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<boolean> {
    let changed = false;
    for (const source of this.#sources) {
      const restart = () => {
        source.problem = undefined;
        this.#tables[source.key] = emptyTables();
      };
      try {
        changed = (await source.tail.read(restart, (line) => this.#add(source, line))) || changed;
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

  /** @param points longer series are given as means of equal ranges of steps. */
  series(name: string, points: number): Series | undefined {
    const table = this.#all().find((candidate) => candidate.has(name));
    return table && bucketSeries(table.steps, table.column(name), points);
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

function emptyTables() {
  return { update: new MetricTable(), evaluation: new MetricTable() };
}
