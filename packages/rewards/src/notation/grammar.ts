import type { Expression } from "../expression/expression.ts";
import type { Cursor } from "./cursor.ts";

/** The levels of the grammar that its parts, each in a file of its own, refer to one another by. */
export interface Grammar {
  /** A chain of relations between set expressions: the widest thing that stands between separators. */
  relation(cursor: Cursor): Expression;
  sum(cursor: Cursor): Expression;
  /** A factor with its postfixes (powers, factorials, degrees), without implicit multiplication. */
  factor(cursor: Cursor): Expression;
  /** What a TeX command takes as argument: a group in braces, or one digit, letter or command. */
  argument(cursor: Cursor): Expression;
}

export const number = (value: number | bigint): Expression => ({
  kind: "number",
  value: { numerator: BigInt(value), denominator: 1n },
});
