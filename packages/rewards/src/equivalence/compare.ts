import { spend } from "../budget.ts";
import type { Expression, ExpressionOf } from "../expression/expression.ts";
import { contains, mapChildren } from "../expression/expression.ts";
import { sameCollection } from "./collections.ts";
import { bothSigns } from "./plus-minus.ts";
import { isAnnotated, sameAnnotated } from "./quantities.ts";
import { sameRatio } from "./ratio.ts";
import { realSet, sameRealSet } from "./real-set.ts";
import { sameRelation } from "./relations.ts";
import { isScalar, sameScalar } from "./scalar.ts";
import type { Comparison, EquivalenceSettings, Rule } from "./settings.ts";

/** The rule by which two readings of answers mean the same; undefined when they do not. */
export function compare(reference: Expression, response: Expression, settings: EquivalenceSettings): Rule {
  const comparison: Comparison = { settings, same: (a, b) => dispatch(expanded(a), expanded(b), comparison) };
  return comparison.same(reference, response);
}

/** Without the letter that a point is called by, P(1, 2), and with ± written out. */
function expanded(written: Expression): Expression {
  const expression = labelledPoint(written) ?? written;
  if (!contains(expression, ({ kind }) => kind === "plus-minus")) return expression;
  const signs = bothSigns(expression);
  return signs.length === 1 ? signs[0]! : { kind: "list", items: signs, joint: "or" };
}

function labelledPoint(expression: Expression): Expression | undefined {
  if (expression.kind !== "product" || expression.factors.length !== 2) return undefined;
  const [label, point] = expression.factors;
  return label?.kind === "symbol" && /^[A-Z]/.test(label.name) && point?.kind === "bracket" ? point : undefined;
}

function dispatch(reference: Expression, response: Expression, comparison: Comparison): Rule {
  spend(4);
  if (reference.kind === "text" || response.kind === "text") {
    return reference.kind === "text" &&
      response.kind === "text" &&
      reference.text !== "" &&
      reference.text === response.text
      ? "same text"
      : undefined;
  }
  if (reference.kind === "relation" || response.kind === "relation") {
    const rule = sameRelation(reference, response, comparison);
    if (rule || reference.kind !== "list") return rule ?? sameCollection(reference, response, comparison);
  }
  const isOpposite = isListOfValues(reference) && response.kind === "bracket";
  if (isCollection(reference) || isCollection(response)) {
    const rule =
      sameCollection(reference, response, comparison) ??
      (isOpposite ? undefined : sameSet(reference, response, comparison));
    return rule ?? sameVector(reference, response, comparison);
  }
  if (
    reference.kind === "set-operation" ||
    reference.kind === "set-builder" ||
    response.kind === "set-operation" ||
    response.kind === "set-builder"
  ) {
    return sameSet(reference, response, comparison) ?? sameSetOperation(reference, response, comparison);
  }
  if (reference.kind === "matrix" || response.kind === "matrix") return sameMatrix(reference, response, comparison);
  if (reference.kind === "ratio" || response.kind === "ratio") return sameRatio(reference, response, comparison);
  if (isAnnotated(reference) || isAnnotated(response)) return sameAnnotated(reference, response, comparison);
  if (!isScalar(reference) || !isScalar(response)) return undefined;
  const rule = sameScalar(reference, response, comparison.settings);
  if (rule) return rule;
  const [a, b] = [withoutDegrees(reference), withoutDegrees(response)];
  return a === reference && b === response ? undefined : sameScalar(a, b, comparison.settings);
}

/** 90° - α as 90 - α, which is how it is often written; what a sine is taken of keeps its degrees. */
function withoutDegrees(expression: Expression): Expression {
  if (!contains(expression, ({ kind }) => kind === "degrees")) return expression;
  if (expression.kind === "degrees") return withoutDegrees(expression.operand);
  return expression.kind === "call" ? expression : mapChildren(expression, withoutDegrees);
}

function isListOfValues(expression: Expression): boolean {
  return expression.kind === "list" && !expression.items.every(({ kind }) => kind === "relation");
}

function isCollection({ kind }: Expression): boolean {
  return kind === "list" || kind === "set" || kind === "bracket";
}

/** Subsets of the real line, however written. A set of points is no interval, and inequalities answer sets only where allowed. */
function sameSet(reference: Expression, response: Expression, { settings }: Comparison): Rule {
  const isInequality = response.kind === "list" && response.items.every(({ kind }) => kind === "relation");
  const isReferenceInequality = reference.kind === "list" && reference.items.every(({ kind }) => kind === "relation");
  if (isInequality && !isReferenceInequality && !settings.inequalityForSet) return undefined;
  const [expected, given] = [realSet(reference), realSet(response)];
  return expected && given && sameRealSet(expected, given) ? "same set of numbers" : undefined;
}

function sameSetOperation(reference: Expression, response: Expression, { same }: Comparison): Rule {
  if (reference.kind === "set-builder" && response.kind === "set-builder") {
    return same(reference.element, response.element) && same(reference.condition, response.condition) && "same set";
  }
  if (
    reference.kind !== "set-operation" ||
    response.kind !== "set-operation" ||
    reference.operator !== response.operator
  )
    return undefined;
  const inOrder = same(reference.left, response.left) && same(reference.right, response.right);
  const swapped =
    reference.operator !== "difference" && same(reference.left, response.right) && same(reference.right, response.left);
  return inOrder || swapped ? "same set" : undefined;
}

function sameMatrix(reference: Expression, response: Expression, { same }: Comparison): Rule {
  if (reference.kind !== "matrix" || response.kind !== "matrix" || reference.rows.length !== response.rows.length)
    return undefined;
  const isSame = reference.rows.every((row, at) => {
    const other = response.rows[at]!;
    return row.length === other.length && row.every((entry, column) => same(entry, other[column]!));
  });
  return isSame ? "same matrix" : undefined;
}

/** A row or column against the tuple of its entries. */
function sameVector(reference: Expression, response: Expression, comparison: Comparison): Rule {
  const [matrix, tuple] = reference.kind === "matrix" ? [reference, response] : [response, reference];
  if (matrix.kind !== "matrix" || tuple.kind !== "bracket") return undefined;
  const isVector = matrix.rows.length === 1 || matrix.rows.every((row) => row.length === 1);
  if (!isVector) return undefined;
  const entries: ExpressionOf<"bracket"> = { kind: "bracket", open: "(", close: ")", items: matrix.rows.flat() };
  return reference === matrix ? comparison.same(entries, tuple) : comparison.same(tuple, entries);
}
