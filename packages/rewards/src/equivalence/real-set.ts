import { complex } from "../expression/complex.ts";
import { evaluate } from "../expression/evaluate.ts";
import type { Expression, RelationOperator } from "../expression/expression.ts";
import { symbolNames } from "../expression/expression.ts";
import { realValue } from "./numeric.ts";

/** A piece of the real line. */
interface Segment {
  readonly from: number;
  readonly to: number;
  readonly includesFrom: boolean;
  readonly includesTo: boolean;
}

/** A subset of the real line: disjoint segments in order. */
export type RealSet = readonly Segment[];

const everything: RealSet = [
  { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY, includesFrom: false, includesTo: false },
];

/** The subset of the real line that an expression names or that its inequalities leave; undefined where it is none. */
export function realSet(expression: Expression): RealSet | undefined {
  switch (expression.kind) {
    case "symbol":
      return expression.name === "set R" ? everything : undefined;
    case "bracket":
      return interval(expression.items, expression.open === "[", expression.close === "]");
    case "set": {
      const points = expression.items.map(realValue);
      return points.every((point) => point !== undefined && Number.isFinite(point))
        ? normalised(
            (points as number[]).map((point) => ({ from: point, to: point, includesFrom: true, includesTo: true })),
          )
        : undefined;
    }
    case "set-operation": {
      const [left, right] = [realSet(expression.left), realSet(expression.right)];
      if (!left || !right) return undefined;
      if (expression.operator === "union") return normalised([...left, ...right]);
      return intersection(left, expression.operator === "difference" ? complement(right) : right);
    }
    case "sum": {
      const [left, right, ...more] = expression.terms;
      if (more.length > 0 || !left || right?.kind !== "negation") return undefined;
      const [whole, removed] = [realSet(left), realSet(right.operand)];
      return whole && removed && intersection(whole, complement(removed));
    }
    case "set-builder":
      return realSet(expression.condition);
    case "relation":
      return solutions(expression.operands, expression.operators);
    case "list":
      return combined(expression.items, expression.joint);
    default:
      return undefined;
  }
}

function interval(items: readonly Expression[], includesFrom: boolean, includesTo: boolean): RealSet | undefined {
  const [from, to] = items.map(realValue);
  if (items.length !== 2 || from === undefined || to === undefined || from > to) return undefined;
  return normalised([
    { from, to, includesFrom: includesFrom && Number.isFinite(from), includesTo: includesTo && Number.isFinite(to) },
  ]);
}

/** "x < 2 or x > 5" unites, "x > 2 and x < 5" intersects; a comma means whichever leaves something. */
function combined(items: readonly Expression[], joint: "comma" | "and" | "or"): RealSet | undefined {
  const sets = items.map(realSet);
  if (!items.every(({ kind }) => kind === "relation" || kind === "bracket" || kind === "set-operation"))
    return undefined;
  if (!sets.every((set) => set !== undefined)) return undefined;
  const isRelations = items.every(({ kind }) => kind === "relation");
  const common = sets.reduce(intersection);
  if (isRelations && joint !== "or" && common.length > 0) return common;
  return normalised(sets.flat());
}

/** What a chain of inequalities with one unknown quantity leaves of the line. */
function solutions(operands: readonly Expression[], operators: readonly RelationOperator[]): RealSet | undefined {
  if (operators.length === 1 && (operators[0] === "∈" || operators[0] === "⊂")) return realSet(operands[1]!);
  if (operators.length === 1 && operators[0] === "∉") {
    const excluded = realSet(operands[1]!);
    return excluded && complement(excluded);
  }
  let result: RealSet = everything;
  for (const [index, operator] of operators.entries()) {
    const set = halfLine(operands[index]!, operands[index + 1]!, operator);
    if (set === undefined) return undefined;
    result = intersection(result, set);
  }
  return result;
}

/** The solutions of one relation; |x - 3| < 5 is taken apart first. */
function halfLine(left: Expression, right: Expression, operator: RelationOperator): RealSet | undefined {
  if (right.kind === "call" && right.name === "abs" && left.kind !== "call")
    return halfLine(right, left, mirrored(operator));
  const bound = left.kind === "call" && left.name === "abs" ? realValue(right) : undefined;
  const [inside] = left.kind === "call" ? left.operands : [];
  if (bound === undefined || inside === undefined || realValue(inside) !== undefined)
    return linear(left, right, operator);
  const opposite: Expression = { kind: "negation", operand: right };
  const [upper, lower] = [linear(inside, right, operator), linear(inside, opposite, mirrored(operator))];
  if (!upper || !lower) return undefined;
  return operator === "<" || operator === "≤" || operator === "≠"
    ? intersection(upper, lower)
    : normalised([...upper, ...lower]);
}

/** The solutions of one relation, when it is linear in one variable or compares some quantity with a number. */
function linear(left: Expression, right: Expression, operator: RelationOperator): RealSet | undefined {
  const [low, high] = [realValue(left), realValue(right)];
  if (high !== undefined && low === undefined && isQuantity(left)) return against(high, operator);
  if (low !== undefined && high === undefined && isQuantity(right)) return against(low, mirrored(operator));
  const names = symbolNames(left);
  symbolNames(right, names);
  if (names.size !== 1) return undefined;
  const at = (x: number): number => {
    const value = (side: Expression): number => evaluate(side, () => complex(x)).re;
    return value(left) - value(right);
  };
  const [zero, one, two, far] = [at(0), at(1), at(2), at(-7)];
  const slope = one - zero;
  const isLinear =
    Math.abs(two - zero - 2 * slope) <= 1e-9 * (1 + Math.abs(two)) &&
    Math.abs(far - zero + 7 * slope) <= 1e-9 * (1 + Math.abs(far));
  if (!isLinear || !(Math.abs(slope) > 1e-12)) return undefined;
  return against(-zero / slope, slope > 0 ? operator : mirrored(operator));
}

/** A variable, or a function of one, as what the interval is of: x, f(x). */
function isQuantity(expression: Expression): boolean {
  if (expression.kind === "symbol") return true;
  return (
    expression.kind === "product" &&
    expression.factors.length === 2 &&
    expression.factors.every(({ kind }) => kind === "symbol")
  );
}

function mirrored(operator: RelationOperator): RelationOperator {
  return (
    ({ "<": ">", ">": "<", "≤": "≥", "≥": "≤" } as Partial<Record<RelationOperator, RelationOperator>>)[operator] ??
    operator
  );
}

function against(bound: number, operator: RelationOperator): RealSet | undefined {
  const [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const isFiniteBound = Number.isFinite(bound);
  switch (operator) {
    case "<":
    case "≤":
      return [{ from: low, to: bound, includesFrom: false, includesTo: operator === "≤" && isFiniteBound }];
    case ">":
    case "≥":
      return [{ from: bound, to: high, includesFrom: operator === "≥" && isFiniteBound, includesTo: false }];
    case "≠":
      return complement([{ from: bound, to: bound, includesFrom: true, includesTo: true }]);
    default:
      return undefined;
  }
}

function normalised(segments: readonly Segment[]): RealSet {
  const sorted = segments
    .filter(({ from, to, includesFrom, includesTo }) => from < to || (from === to && includesFrom && includesTo))
    .sort((a, b) => a.from - b.from || Number(b.includesFrom) - Number(a.includesFrom));
  const merged: Segment[] = [];
  for (const segment of sorted) {
    const last = merged.at(-1);
    const touches =
      last && (segment.from < last.to || (segment.from === last.to && (segment.includesFrom || last.includesTo)));
    if (!last || !touches) merged.push(segment);
    else {
      const isFurther = segment.to > last.to || (segment.to === last.to && segment.includesTo);
      if (isFurther) merged[merged.length - 1] = { ...last, to: segment.to, includesTo: segment.includesTo };
    }
  }
  return merged;
}

function complement(set: RealSet): RealSet {
  const gaps: Segment[] = [];
  let from = Number.NEGATIVE_INFINITY;
  let includesFrom = false;
  for (const segment of set) {
    gaps.push({
      from,
      to: segment.from,
      includesFrom,
      includesTo: !segment.includesFrom && Number.isFinite(segment.from),
    });
    [from, includesFrom] = [segment.to, !segment.includesTo];
  }
  if (from < Number.POSITIVE_INFINITY)
    gaps.push({ from, to: Number.POSITIVE_INFINITY, includesFrom, includesTo: false });
  return normalised(gaps);
}

function intersection(a: RealSet, b: RealSet): RealSet {
  const parts = a.flatMap((left) =>
    b.map((right): Segment => {
      const from = Math.max(left.from, right.from);
      const to = Math.min(left.to, right.to);
      const holds = (value: number, { from, to, includesFrom, includesTo }: Segment): boolean =>
        (value > from || (value === from && includesFrom)) && (value < to || (value === to && includesTo));
      const bothHold = (value: number): boolean => holds(value, left) && holds(value, right);
      return {
        from,
        to,
        includesFrom: bothHold(from) || (from < to && edge(from, left, right)),
        includesTo: bothHold(to) || (from < to && upperEdge(to, left, right)),
      };
    }),
  );
  return normalised(parts);
}

/** Whether the lower end belongs to every segment that starts there (and so to the intersection). */
function edge(from: number, ...segments: readonly Segment[]): boolean {
  return segments.every((segment) => segment.from < from || (segment.from === from && segment.includesFrom));
}

function upperEdge(to: number, ...segments: readonly Segment[]): boolean {
  return segments.every((segment) => segment.to > to || (segment.to === to && segment.includesTo));
}

export function sameRealSet(a: RealSet, b: RealSet): boolean {
  const close = (x: number, y: number): boolean =>
    x === y || (Number.isFinite(x - y) && Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y)));
  return (
    a.length === b.length &&
    a.every((segment, index) => {
      const other = b[index]!;
      const ends = close(segment.from, other.from) && close(segment.to, other.to);
      return ends && segment.includesFrom === other.includesFrom && segment.includesTo === other.includesTo;
    })
  );
}
