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

function matches(row: RolloutRow, query: RolloutQuery, needle: string | undefined): boolean {
  if (query.file !== undefined && row.file !== query.file) return false;
  if (query.family !== undefined && row.family !== query.family) return false;
  if (query.verdict !== undefined && isRight(row) !== (query.verdict === "right")) return false;
  if (query.minimumReward !== undefined && !(row.reward >= query.minimumReward)) return false;
  if (query.maximumReward !== undefined && !(row.reward <= query.maximumReward)) return false;
  if (query.minimumLength !== undefined && row.length < query.minimumLength) return false;
  if (query.maximumLength !== undefined && row.length > query.maximumLength) return false;
  if (needle === undefined) return true;
  return [row.text, row.referenceAnswer, row.promptId].some((text) => text.toLowerCase().includes(needle));
}

function keyOf(row: RolloutRow, order: RolloutOrder): number {
  if (order === "dependency") return row.dependency ?? -1;
  return order === "reward" ? row.reward : row.length;
}

export function queryRollouts(rows: readonly RolloutRow[], query: RolloutQuery): RolloutPage {
  const needle = query.text?.trim().toLowerCase() || undefined;
  const found = rows.filter((row) => matches(row, query, needle));
  const order = query.order ?? "recorded";
  if (order !== "recorded") found.sort((a, b) => keyOf(b, order) - keyOf(a, order));
  const skip = query.skip ?? 0;
  return {
    total: rows.length,
    matching: found.length,
    rows: found.slice(skip, skip + (query.take ?? 100)),
    files: [...new Set(rows.map(({ file }) => file))],
    families: [...new Set(rows.flatMap(({ family }) => family ?? []))].sort(),
  };
}
