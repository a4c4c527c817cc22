import { exactValue } from "../expression/exact-value.ts";
import { contains, type Expression, type ExpressionKind, type ExpressionOf } from "../expression/expression.ts";
import { equals, toNumber } from "../expression/rational.ts";
import { realValue, sameFormula } from "./numeric.ts";
import { sameStructure } from "./same-structure.ts";
import type { EquivalenceSettings, Rule } from "./settings.ts";

const scalarKinds: ReadonlySet<ExpressionKind> = new Set<ExpressionKind>([
  "number",
  "symbol",
  "constant",
  "sum",
  "product",
  "quotient",
  "negation",
  "power",
  "call",
  "percent",
  "degrees",
]);

/** Whether an expression is one number or formula, all the way down. */
export function isScalar(expression: Expression): boolean {
  return !contains(expression, ({ kind }) => !scalarKinds.has(kind) && kind !== "quantity");
}

/** Whether two formulas have the same value. */
export function sameScalar(reference: Expression, response: Expression, settings: EquivalenceSettings): Rule {
  if (reference.kind === "symbol" && response.kind === "symbol") {
    return reference.name === response.name ? "same symbol" : undefined;
  }
  const [expected, given] = [exactValue(reference), exactValue(response)];
  if (expected && given) {
    if (equals(expected, given)) return "same number";
    if (withinTolerance(toNumber(expected), toNumber(given), settings)) return "same number within tolerance";
  } else {
    if (isInfinite(reference) || isInfinite(response)) {
      return realValue(reference) === realValue(response) && realValue(reference) !== undefined
        ? "same infinity"
        : undefined;
    }
    if (sameStructure(reference, response)) return "same expression";
    if (sameFormula(reference, response)) return "same value at every point";
    const [left, right] = [realValue(reference), realValue(response)];
    if (left !== undefined && right !== undefined && withinTolerance(left, right, settings))
      return "same number within tolerance";
  }
  if (isRoundingOf(response, reference, settings) || isRoundingOf(reference, response, settings))
    return "rounded to the same number";
  return undefined;
}

function isInfinite(expression: Expression): boolean {
  return contains(expression, (part) => part.kind === "constant" && part.name === "infinity");
}

function withinTolerance(expected: number, given: number, { tolerance }: EquivalenceSettings): boolean {
  const allowed = Math.max(tolerance.absolute, tolerance.relative * Math.abs(expected));
  return allowed > 0 && Math.abs(expected - given) <= allowed;
}

/** Whether `written` is a decimal with enough digits that `exact`, which is not one itself, rounds to. */
function isRoundingOf(written: Expression, exact: Expression, { roundingDigits }: EquivalenceSettings): boolean {
  const decimal = plainDecimal(written);
  if (decimal?.places === undefined || plainDecimal(exact)) return false;
  const value = realValue(exact);
  const shown = toNumber(decimal.value) * (written.kind === "negation" ? -1 : 1);
  if (value === undefined || !Number.isFinite(value)) return false;
  const digits = decimal.places + Math.max(0, Math.floor(Math.log10(Math.abs(shown) || 1)) + 1);
  return digits >= roundingDigits && Math.abs(value - shown) <= 0.5000001 * 10 ** -decimal.places;
}

function plainDecimal(expression: Expression): ExpressionOf<"number"> | undefined {
  const bare = expression.kind === "negation" ? expression.operand : expression;
  return bare.kind === "number" ? bare : undefined;
}
