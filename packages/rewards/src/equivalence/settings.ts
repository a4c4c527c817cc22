import type { Expression } from "../expression/expression.ts";

/** What two answers may differ in and still be the same. */
export interface EquivalenceSettings {
  /** Largest difference of numbers that counts as none, beside exact equality. */
  readonly tolerance: { readonly absolute: number; readonly relative: number };
  /**
   * Significant digits that a decimal must show to stand for an exact value that it is the rounding of (0.333333 for 1/3).
   * `Infinity` never lets one.
   */
  readonly roundingDigits: number;
  /**
   * `ignored`: a unit on one side only, or of another kind, says nothing; those of one dimension are converted (120 cm = 1.2 m).
   * `checked`: the response must carry a unit of the reference's dimension.
   */
  readonly units: "ignored" | "checked";
  /** Whether `-2 <= x <= 7` answers a reference that is a set, `[-2, 7]`. (The converse always does.) */
  readonly inequalityForSet: boolean;
  /** Whether lists without brackets must keep the reference's order. */
  readonly lists: "any-order" | "ordered";
  /** Whether "(B) 12" chooses option B. Some benchmarks' own scripts count only "B" or "12". */
  readonly letterWithValue: "accepted" | "refused";
}

export const defaultEquivalence: EquivalenceSettings = {
  tolerance: { absolute: 0, relative: 0 },
  roundingDigits: 6,
  units: "ignored",
  inequalityForSet: true,
  lists: "any-order",
  letterWithValue: "accepted",
};

/** The rule by which two answers are the same; undefined when none says so. */
export type Rule = string | undefined;

/** The whole comparison, handed to its parts so that they can compare elements. */
export interface Comparison {
  readonly settings: EquivalenceSettings;
  same(reference: Expression, response: Expression): Rule;
}
