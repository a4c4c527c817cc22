import type { Series } from "@fovea-rl/run-records/view-data";

type Load = (run: string, names: readonly string[]) => Promise<Readonly<Record<string, Series>>>;

/**
 * Series that were asked for, until their run changes. Names asked for at the same moment, as all the charts of a page do,
 * travel in one request for each run.
 */
export class SeriesCache {
  readonly #load: Load;
  readonly #known = new Map<string, Map<string, Promise<Series | undefined>>>();
  readonly #waiting = new Map<string, { names: string[]; answer: Promise<Readonly<Record<string, Series>>> }>();

  constructor(load: Load) {
    this.#load = load;
  }

  forget(run: string): void {
    this.#known.delete(run);
    this.#waiting.delete(run);
  }

  async get(run: string, names: readonly string[]): Promise<Readonly<Record<string, Series>>> {
    const known = this.#known.get(run) ?? new Map<string, Promise<Series | undefined>>();
    this.#known.set(run, known);
    for (const name of names) {
      if (known.has(name)) continue;
      const answer = this.#ask(run, name).then((series) => series[name]);
      known.set(name, answer);
      // A failure is told to whoever asked, and not kept.
      answer.catch(() => known.delete(name));
    }
    const found = await Promise.all(names.map(async (name) => [name, await known.get(name)] as const));
    return Object.fromEntries(found.filter((entry): entry is readonly [string, Series] => entry[1] !== undefined));
  }

  #ask(run: string, name: string): Promise<Readonly<Record<string, Series>>> {
    const waiting = this.#waiting.get(run);
    if (waiting) {
      waiting.names.push(name);
      return waiting.answer;
    }
    const names = [name];
    const answer = Promise.resolve().then(() => {
      this.#waiting.delete(run);
      return this.#load(run, names);
    });
    this.#waiting.set(run, { names, answer });
    return answer;
  }
}
