import { spend } from "../budget.ts";
import type { Expression, ExpressionOf } from "../expression/expression.ts";
import { measure } from "../notation/units.ts";
import { headOfName } from "./names.ts";
import { singular } from "./quantities.ts";
import { assignment } from "./relations.ts";
import { sameStructure } from "./same-structure.ts";
import type { Comparison, Rule } from "./settings.ts";

/** The elements of a list or set; undefined for anything else. */
function elements(expression: Expression): readonly Expression[] | undefined {
  return expression.kind === "list" || expression.kind === "set" ? expression.items : undefined;
}

/** Lists and sets in any order, tuples in theirs. */
export function sameCollection(reference: Expression, response: Expression, comparison: Comparison): Rule {
  const [expected, given] = [elements(reference), elements(response)];
  if (expected && given) {
    if (reference.kind === "list" && response.kind === "list" && comparison.settings.lists === "ordered") {
      return inOrder(expected, given, comparison) && "same list";
    }
    if (hasNames(expected) && !hasNames(given)) return inOrder(expected, given, comparison) && "same values in order";
    return (
      inAnyOrder(expected, given, comparison) && (reference.kind === "set" ? "same set" : "same list in any order")
    );
  }
  if (reference.kind === "bracket" && response.kind === "bracket") return sameTuple(reference, response, comparison);
  // (1, 2) without its brackets, or the converse.
  const [list, tuple] = reference.kind === "bracket" ? [response, reference] : [reference, response];
  const isOrdered = list.kind === "list" || (list.kind === "set" && hasNames(list.items));
  if (isOrdered && tuple.kind === "bracket" && isPlainTuple(tuple)) {
    return (
      inOrder(elements(reference) ?? tuple.items, elements(response) ?? tuple.items, comparison) &&
      "same values in order"
    );
  }
  // A list of one against its only element: {5} and 5.
  if (expected?.length === 1 && !given) return comparison.same(expected[0]!, response);
  if (given?.length === 1 && !expected) return comparison.same(reference, given[0]!);
  return undefined;
}

function isPlainTuple({ open, close, items }: ExpressionOf<"bracket">): boolean {
  return (open === "(" && close === ")") || (items.length > 2 && open === "[" && close === "]");
}

function sameTuple(
  reference: ExpressionOf<"bracket">,
  response: ExpressionOf<"bracket">,
  comparison: Comparison,
): Rule {
  const isSameShape = reference.open === response.open && reference.close === response.close;
  const arePlain = isPlainTuple(reference) && isPlainTuple(response);
  if (!isSameShape && !arePlain) return undefined;
  return inOrder(reference.items, response.items, comparison) && "same values in order";
}

function inOrder(expected: readonly Expression[], given: readonly Expression[], comparison: Comparison): Rule {
  const same =
    expected.length === given.length && expected.every((item, index) => sameItem(item, given[index]!, comparison));
  return same ? "same values in order" : undefined;
}

function inAnyOrder(expected: readonly Expression[], given: readonly Expression[], comparison: Comparison): Rule {
  const [left, right] = [distinct(expected, comparison), distinct(given, comparison)];
  if (left.length !== right.length) return undefined;
  const free = new Set(right);
  for (const item of left) {
    spend(free.size);
    const found = [...free].find((candidate) => sameItem(item, candidate, comparison));
    if (found === undefined) return undefined;
    free.delete(found);
  }
  return "same values";
}

/** Inside a collection what is counted matters: 6 crosses, 8 triangles are not 8 crosses, 6 triangles. */
function sameItem(expected: Expression, given: Expression, comparison: Comparison): Rule {
  if (expected.kind === "quantity" && given.kind === "quantity") {
    const isNoun = !measure(expected.unit) || !measure(given.unit);
    if (isNoun && singular(expected.unit) !== singular(given.unit)) return undefined;
  }
  return comparison.same(expected, given);
}

function distinct(items: readonly Expression[], comparison: Comparison): readonly Expression[] {
  const kept: Expression[] = [];
  for (const item of items) {
    spend(kept.length);
    if (!kept.some((other) => sameItem(other, item, comparison))) kept.push(item);
  }
  return kept;
}

/** Whether each item says what it is the value of, and all are different things: then values may not change places. */
function hasNames(items: readonly Expression[]): boolean {
  const names = items.map((item) => assignment(item)?.name);
  if (items.length < 2 || names.some((name) => name === undefined)) return false;
  // x_1 and x_2 only number the roots.
  if (
    names.every((name) => name?.kind === "symbol" && /_[1-9]$/.test(name.name)) &&
    new Set(names.map((name) => name && headOfName(name))).size === items.length
  ) {
    const letters = new Set(names.map((name) => (name?.kind === "symbol" ? name.name.split("_")[0] : "")));
    if (letters.size === 1 && items.length <= 4) return false;
  }
  return names.every((name, index) => names.every((other, at) => at <= index || !sameStructure(name!, other!)));
}
