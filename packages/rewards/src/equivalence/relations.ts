import { complex, isFiniteComplex, magnitude, over } from "../expression/complex.ts";
import { evaluate } from "../expression/evaluate.ts";
import { exactValue } from "../expression/exact-value.ts";
import {
  contains,
  type Expression,
  type ExpressionOf,
  type RelationOperator,
  symbolNames,
} from "../expression/expression.ts";
import { headOfName, isCombinationOfNames, isName } from "./names.ts";
import { realValue, sameNumber, sampleValue } from "./numeric.ts";
import { realSet, sameRealSet } from "./real-set.ts";
import { sameStructure } from "./same-structure.ts";
import type { Comparison, Rule } from "./settings.ts";

type Relation = ExpressionOf<"relation">;

/** A relation that only says which value a name has. */
export interface Assignment {
  /** Absent where the chain starts with a computation: 7 + 1 = 8. */
  readonly name?: Expression;
  /** The exact value, and where it is another, the approximation that follows it. */
  readonly values: readonly Expression[];
}

export function assignment(expression: Expression): Assignment | undefined {
  if (expression.kind !== "relation") return undefined;
  const { operands, operators } = expression;
  const [first] = operands;
  const last = operands.at(-1);
  if (!first || !last) return undefined;
  if (operators.length === 1 && operators[0] === "∈")
    return isName(first) ? { name: first, values: [last] } : undefined;
  if (!operators.every((operator) => operator === "=" || operator === "≈" || operator === "≡")) return undefined;
  const lastEqual = operators.lastIndexOf("=");
  // "5√2 ≈ 7.07" starts with the value itself; "x ≈ 7.07" has no other.
  const exact = lastEqual === -1 ? (isName(first) ? last : first) : operands[lastEqual + 1]!;
  const values = exact === last || !isNear(exact, last) ? [exact] : [exact, last];
  const isComputation = !isName(first) && symbolNames(first).size === 0;
  if (isName(last) && !isName(first) && operands.length === 2) return { name: last, values: [first] };
  if (isName(first)) {
    const isRecursive = [...symbolNames(first)].some((name) => first.kind === "symbol" && symbolNames(exact).has(name));
    return isRecursive ? undefined : { name: first, values };
  }
  return isComputation || operands.length > 2 ? { values } : undefined;
}

function isNear(exact: Expression, approximation: Expression): boolean {
  const [a, b] = [realValue(exact), realValue(approximation)];
  return a !== undefined && b !== undefined && Math.abs(a - b) <= 0.05 * Math.abs(a);
}

/** A relation against anything else, and the converse. */
export function sameRelation(reference: Expression, response: Expression, comparison: Comparison): Rule {
  if (reference.kind === "relation" && response.kind === "relation") return relations(reference, response, comparison);
  if (reference.kind === "relation") return relationForValue(reference, response, comparison);
  if (response.kind === "relation") return valueForRelation(reference, response, comparison);
  return undefined;
}

function relationForValue(reference: Relation, response: Expression, { same }: Comparison): Rule {
  const assigned = assignment(reference);
  if (assigned) return firstRule(assigned.values, (value) => same(value, response));
  const [expected, given] = [realSet(reference), realSet(response)];
  return expected && given && sameRealSet(expected, given) ? "the interval of the inequality" : undefined;
}

function valueForRelation(reference: Expression, response: Relation, { same, settings }: Comparison): Rule {
  const assigned = assignment(response);
  if (assigned) return firstRule(assigned.values, (value) => same(reference, value));
  const [left, right] = response.operands;
  const answersQuestion = response.operators.length === 1 && response.operators[0] === "=" && left && right;
  if (answersQuestion && isCombinationOfNames(left)) {
    const value = exactValue(right);
    if (value && value.numerator !== 0n && exactValue(reference)) return same(reference, right);
  }
  if (!settings.inequalityForSet) return undefined;
  const [expected, given] = [realSet(reference), realSet(response)];
  return expected && given && sameRealSet(expected, given) ? "the interval of the inequality" : undefined;
}

function firstRule(values: readonly Expression[], rule: (value: Expression) => Rule): Rule {
  for (const value of values) {
    const found = rule(value);
    if (found) return found;
  }
  return undefined;
}

function relations(reference: Relation, response: Relation, comparison: Comparison): Rule {
  const namesSet = reference.operators.includes("∈") && !response.operators.includes("∈");
  if (namesSet && !comparison.settings.inequalityForSet) return undefined;
  const [expected, given] = [assignment(reference), assignment(response)];
  if (expected && given) {
    if (!namesAgree(expected, given)) return sameEquation(reference, response);
    const rule = firstRule(expected.values, (value) =>
      firstRule(given.values, (other) => comparison.same(value, other)),
    );
    return rule ?? sameEquation(reference, response);
  }
  const [left, right] = [realSet(reference), realSet(response)];
  if (left && right) {
    const agree = sameRealSet(left, right) && sameUnknown(reference, response);
    return agree ? "same solutions" : undefined;
  }
  return sameEquation(reference, response) ?? sameChain(reference, response, comparison);
}

function sameUnknown(reference: Relation, response: Relation): boolean {
  const [a, b] = [symbolNames(reference), symbolNames(response)];
  return a.size !== 1 || b.size !== 1 || [...a][0]!.toLowerCase() === [...b][0]!.toLowerCase();
}

function namesAgree(expected: Assignment, given: Assignment): boolean {
  if (!expected.name || !given.name || sameStructure(expected.name, given.name)) return true;
  if (headOfName(expected.name) === headOfName(given.name)) return true;
  // y = 2x + 1 and f(x) = 2x + 1 are the same line; x = 5 and y = 5 are different answers.
  return (
    contains(expected.values[0]!, ({ kind }) => kind === "symbol") &&
    [expected.name, given.name].some(({ kind }) => kind === "product")
  );
}

const direction: Readonly<Partial<Record<RelationOperator, { readonly sign: 1 | -1; readonly type: string }>>> = {
  "=": { sign: 1, type: "=" },
  "≠": { sign: 1, type: "≠" },
  "<": { sign: 1, type: "<" },
  ">": { sign: -1, type: "<" },
  "≤": { sign: 1, type: "≤" },
  "≥": { sign: -1, type: "≤" },
};

/** Two relations whose sides differ by a constant factor (positive for inequalities): 2x + 4y - 3 = 0 and y = -x/2 + 3/4. */
function sameEquation(reference: Relation, response: Relation): Rule {
  const [a, b] = [reference, response].map(({ operators }) =>
    operators.length === 1 ? direction[operators[0]!] : undefined,
  );
  if (!a || !b || a.type !== b.type) return undefined;
  const names = symbolNames(reference);
  const others = symbolNames(response);
  if (names.size === 0 || names.size !== others.size || ![...names].every((name) => others.has(name))) return undefined;
  let factor: ReturnType<typeof complex> | undefined;
  let agreements = 0;
  for (let point = 0; point < 7; point++) {
    const at = (name: string) => sampleValue(name, point);
    const [left, right] = [reference, response].map(({ operands }) => {
      const [x, y] = [evaluate(operands[0]!, at), evaluate(operands[1]!, at)];
      return complex(x.re - y.re, x.im - y.im);
    });
    if (!left || !right || !isFiniteComplex(left) || !isFiniteComplex(right)) continue;
    if (magnitude(right) < 1e-12 || magnitude(left) < 1e-12) return undefined;
    const ratio = over(left, right);
    if (factor && !sameNumber(factor, ratio)) return undefined;
    factor = ratio;
    agreements++;
  }
  if (!factor || agreements < 3) return undefined;
  if (a.type === "=" || a.type === "≠") return "same equation";
  return factor.im === 0 && factor.re * a.sign * b.sign > 0 ? "same inequality" : undefined;
}

/** f(2) < f(1) < f(4), operand by operand, or read backwards. */
function sameChain(reference: Relation, response: Relation, { same }: Comparison): Rule {
  const matches = (operands: readonly Expression[], operators: readonly RelationOperator[]): boolean =>
    operators.join() === reference.operators.join() &&
    operands.every((operand, index) => same(reference.operands[index]!, operand));
  if (matches(response.operands, response.operators)) return "same relation";
  const mirror: Partial<Record<RelationOperator, RelationOperator>> = {
    "<": ">",
    ">": "<",
    "≤": "≥",
    "≥": "≤",
    "=": "=",
    "≠": "≠",
    "∥": "∥",
    "⊥": "⊥",
  };
  const mirrored = response.operators.map((operator) => mirror[operator]).reverse();
  if (mirrored.some((operator) => operator === undefined)) return undefined;
  return matches([...response.operands].reverse(), mirrored as RelationOperator[]) ? "same relation" : undefined;
}
