import type { Pause } from "./pausable.ts";
import { isRight, type RolloutRow } from "./rollout-row.ts";

export const ROLLOUT_ORDERS = ["recorded", "dependency", "reward", "length"] as const;
export type RolloutOrder = (typeof ROLLOUT_ORDERS)[number];

/** What to show of a run's rollouts; absent: everything. */
export interface RolloutQuery {
  readonly file?: string;
  readonly family?: string;
  readonly verdict?: "right" | "wrong";
  readonly minimumReward?: number;
  readonly maximumReward?: number;
  readonly minimumLength?: number;
  readonly maximumLength?: number;
  /** Found in response, reference answer or prompt id, whatever the case. */
  readonly text?: string;
  /** Default as recorded; the others from the largest. */
  readonly order?: RolloutOrder;
  /** Rows before the first given. */
  readonly skip?: number;
  /** Rows given at most; default 100. */
  readonly take?: number;
}

export interface RolloutPage {
  /** Recorded in all. */
  readonly total: number;
  readonly matching: number;
  readonly rows: readonly RolloutRow[];
  /** For the filters: all files and families there are. */
  readonly files: readonly string[];
  readonly families: readonly string[];
}

/** Joined by what no search holds, so that nothing is found across two of them. */
export function searchedText(row: RolloutRow): string {
  return `${row.text}\0${row.referenceAnswer}\0${row.promptId}`.toLowerCase();
}

function matches(row: RolloutRow, query: RolloutQuery): boolean {
  if (query.file !== undefined && row.file !== query.file) return false;
  if (query.family !== undefined && row.family !== query.family) return false;
  if (query.verdict !== undefined && isRight(row) !== (query.verdict === "right")) return false;
  if (query.minimumReward !== undefined && !(row.reward >= query.minimumReward)) return false;
  if (query.maximumReward !== undefined && !(row.reward <= query.maximumReward)) return false;
  if (query.minimumLength !== undefined && row.length < query.minimumLength) return false;
  return query.maximumLength === undefined || row.length <= query.maximumLength;
}

function keyOf(row: RolloutRow, order: RolloutOrder): number {
  if (order === "dependency") return row.dependency ?? -1;
  const key = order === "reward" ? row.reward : row.length;
  return Number.isNaN(key) ? Number.NEGATIVE_INFINITY : key;
}

/** Rollouts made ready to be searched again and again: a key pressed in a filter asks all of them. */
export class RolloutSearch {
  readonly #rows: readonly RolloutRow[];
  readonly #files: readonly string[];
  readonly #families: readonly string[];
  readonly #orders = new Map<RolloutOrder, Uint32Array>();
  #texts: readonly string[] | undefined;

  /** @param texts {@link searchedText} of each row, where it is known already. */
  constructor(rows: readonly RolloutRow[], texts?: readonly string[]) {
    this.#rows = rows;
    this.#texts = texts;
    this.#files = [...new Set(rows.map(({ file }) => file))];
    this.#families = [...new Set(rows.flatMap(({ family }) => family ?? []))].sort();
  }

  /** Does what the first search in each order would wait for. */
  async prepare(pause: Pause): Promise<void> {
    for (const order of ROLLOUT_ORDERS) {
      await pause();
      this.#ordered(order);
    }
  }

  query(query: RolloutQuery): RolloutPage {
    const needle = query.text?.trim().toLowerCase() || undefined;
    if (needle !== undefined) this.#texts ??= this.#rows.map(searchedText);
    const places = this.#ordered(query.order ?? "recorded");
    const skip = query.skip ?? 0;
    const end = skip + (query.take ?? 100);
    const rows: RolloutRow[] = [];
    let matching = 0;
    for (let index = 0; index < this.#rows.length; index++) {
      const place = places ? places[index]! : index;
      const row = this.#rows[place]!;
      if (needle !== undefined && !this.#texts![place]!.includes(needle)) continue;
      if (!matches(row, query)) continue;
      if (matching >= skip && matching < end) rows.push(row);
      matching++;
    }
    return { total: this.#rows.length, matching, rows, files: this.#files, families: this.#families };
  }

  /** Places of the rows, largest first; rows that are equal stay as recorded. */
  #ordered(order: RolloutOrder): Uint32Array | undefined {
    if (order === "recorded") return undefined;
    let places = this.#orders.get(order);
    if (!places) {
      const keys = Float64Array.from(this.#rows, (row) => keyOf(row, order));
      places = Uint32Array.from(keys, (_, place) => place).sort((a, b) => keys[b]! - keys[a]! || a - b);
      this.#orders.set(order, places);
    }
    return places;
  }
}
