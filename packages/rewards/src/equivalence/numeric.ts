import { type Complex, complex, isFiniteComplex, magnitude, minus } from "../expression/complex.ts";
import { evaluate } from "../expression/evaluate.ts";
import { contains, type Expression, symbolNames } from "../expression/expression.ts";

/** Points at which formulas are compared: the first ones positive, where roots and logarithms are real. */
const positivePoints = 4;
const signedPoints = 3;
const relativeError = 1e-9;

/** A value for a variable at a point that depends on its name alone, so that every comparison can be repeated. */
export function sampleValue(name: string, point: number): Complex {
  let hash = 2166136261 ^ Math.imul(point + 1, 0x9e3779b9);
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 16777619);
    hash ^= hash >>> 13;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash ^= hash >>> 15;
  const unit = (hash >>> 0) / 4294967296;
  const positive = 0.3 + 2.4 * unit;
  return complex(point >= positivePoints && (hash & 1) === 1 ? -positive : positive);
}

export function sameNumber(a: Complex, b: Complex): boolean {
  const scale = Math.max(magnitude(a), magnitude(b));
  const difference = magnitude(minus(a, b));
  return difference <= relativeError * scale || (scale < 1e-11 && (magnitude(a) === 0 || magnitude(b) === 0));
}

/**
 * Whether two formulas have the same value wherever it can be told. Different formulas agree at random points with
 * probability next to nothing; equal ones agree up to rounding.
 */
export function sameFormula(a: Expression, b: Expression): boolean {
  const names = symbolNames(a);
  symbolNames(b, names);
  if (names.size === 0) {
    const none = (): Complex => complex(Number.NaN);
    const [left, right] = [evaluate(a, none), evaluate(b, none)];
    return isFiniteComplex(left) && isFiniteComplex(right) && sameNumber(left, right);
  }
  const isComplex = [a, b].some((side) =>
    contains(side, ({ kind, ...rest }) => kind === "constant" && "name" in rest && rest.name === "i"),
  );
  let agreements = 0;
  for (let point = 0; point < positivePoints + signedPoints; point++) {
    const at = (name: string): Complex => sampleValue(name, point);
    const [left, right] = [evaluate(a, at), evaluate(b, at)];
    if (!isFiniteComplex(left) || !isFiniteComplex(right)) continue;
    // Off the positive axis branches of roots may be chosen either way: a value that is not real decides nothing there.
    if (point >= positivePoints && !isComplex && (left.im !== 0 || right.im !== 0)) continue;
    if (!sameNumber(left, right)) return false;
    agreements++;
  }
  return agreements >= 2;
}

/** The real value of an expression without variables; undefined where there is none. Infinite for ±∞. */
export function realValue(expression: Expression): number | undefined {
  if (symbolNames(expression).size > 0) return undefined;
  const value = evaluate(expression, () => complex(Number.NaN));
  return Math.abs(value.im) <= 1e-12 * Math.abs(value.re) && !Number.isNaN(value.re) ? value.re : undefined;
}
