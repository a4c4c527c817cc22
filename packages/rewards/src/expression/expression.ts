import type { Rational } from "./rational.ts";

/**
 * What an answer says, as a tree. The kinds below `list` are structures that answers have as wholes or as parts
 * (lists, sets, intervals, relations, ...); those above are numbers and formulas.
 */
export type Expression =
  /** `places`: digits behind the decimal point, where it was written with one. */
  | { readonly kind: "number"; readonly value: Rational; readonly places?: number }
  /** `isWord`: a word rather than a variable; words are compared as text. */
  | { readonly kind: "symbol"; readonly name: string; readonly isWord?: boolean }
  | { readonly kind: "constant"; readonly name: "pi" | "e" | "i" | "infinity" }
  | { readonly kind: "sum"; readonly terms: readonly Expression[] }
  | { readonly kind: "product"; readonly factors: readonly Expression[] }
  | { readonly kind: "quotient"; readonly numerator: Expression; readonly denominator: Expression }
  | { readonly kind: "negation"; readonly operand: Expression }
  | { readonly kind: "power"; readonly base: Expression; readonly exponent: Expression }
  | { readonly kind: "call"; readonly name: FunctionName; readonly operands: readonly Expression[] }
  /** left ± right, or right with either sign; `isLower` for ∓. */
  | { readonly kind: "plus-minus"; readonly left?: Expression; readonly right: Expression; readonly isLower: boolean }
  | { readonly kind: "percent"; readonly operand: Expression }
  | { readonly kind: "degrees"; readonly operand: Expression }
  /** Digits written in a base: 204_5. */
  | { readonly kind: "based"; readonly digits: string; readonly base: number }
  | { readonly kind: "modular"; readonly operand: Expression; readonly modulus: Expression }
  /** A number of something. `asFormula`: the same read as a product, where the unit could be a variable ("5 m"). */
  | {
      readonly kind: "quantity";
      readonly operand: Expression;
      readonly unit: string;
      readonly asFormula?: Expression;
    }
  | { readonly kind: "list"; readonly items: readonly Expression[]; readonly joint: "comma" | "and" | "or" }
  | { readonly kind: "set"; readonly items: readonly Expression[] }
  | { readonly kind: "set-builder"; readonly element: Expression; readonly condition: Expression }
  /** A tuple or an interval: which of them only the comparison can tell. */
  | {
      readonly kind: "bracket";
      readonly open: "(" | "[";
      readonly close: ")" | "]";
      readonly items: readonly Expression[];
    }
  | {
      readonly kind: "set-operation";
      readonly operator: "union" | "intersection" | "difference";
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "relation";
      readonly operands: readonly Expression[];
      readonly operators: readonly RelationOperator[];
    }
  | { readonly kind: "ratio"; readonly parts: readonly Expression[] }
  | { readonly kind: "matrix"; readonly rows: readonly (readonly Expression[])[] }
  | { readonly kind: "text"; readonly text: string };

export type RelationOperator = "=" | "≠" | "<" | ">" | "≤" | "≥" | "≈" | "≡" | "∈" | "∉" | "⊂" | "→" | "∥" | "⊥";

export type FunctionName =
  | "root"
  | "log"
  | "exp"
  | "abs"
  | "floor"
  | "ceiling"
  | "factorial"
  | "binomial"
  | "max"
  | "min"
  | "gcd"
  | "lcm"
  | "sin"
  | "cos"
  | "tan"
  | "cot"
  | "sec"
  | "csc"
  | "arcsin"
  | "arccos"
  | "arctan"
  | "arccot"
  | "sinh"
  | "cosh"
  | "tanh"
  | "re"
  | "im"
  | "conjugate";

export type ExpressionKind = Expression["kind"];
export type ExpressionOf<Kind extends ExpressionKind> = Extract<Expression, { kind: Kind }>;

/** The direct parts of an expression. */
export function children(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "sum":
      return expression.terms;
    case "product":
      return expression.factors;
    case "quotient":
      return [expression.numerator, expression.denominator];
    case "power":
      return [expression.base, expression.exponent];
    case "call":
    case "relation":
      return expression.operands;
    case "plus-minus":
      return expression.left ? [expression.left, expression.right] : [expression.right];
    case "negation":
    case "percent":
    case "degrees":
    case "quantity":
      return [expression.operand];
    case "modular":
      return [expression.operand, expression.modulus];
    case "list":
    case "set":
    case "bracket":
      return expression.items;
    case "set-builder":
      return [expression.element, expression.condition];
    case "set-operation":
      return [expression.left, expression.right];
    case "ratio":
      return expression.parts;
    case "matrix":
      return expression.rows.flat();
    default:
      return [];
  }
}

/** The expression with each of its direct parts replaced. */
export function mapChildren(expression: Expression, map: (child: Expression) => Expression): Expression {
  switch (expression.kind) {
    case "sum":
      return { ...expression, terms: expression.terms.map(map) };
    case "product":
      return { ...expression, factors: expression.factors.map(map) };
    case "quotient":
      return { ...expression, numerator: map(expression.numerator), denominator: map(expression.denominator) };
    case "power":
      return { ...expression, base: map(expression.base), exponent: map(expression.exponent) };
    case "call":
    case "relation":
      return { ...expression, operands: expression.operands.map(map) };
    case "plus-minus":
      return {
        ...expression,
        ...(expression.left ? { left: map(expression.left) } : {}),
        right: map(expression.right),
      };
    case "quantity":
      return { kind: "quantity", operand: map(expression.operand), unit: expression.unit };
    case "negation":
    case "percent":
    case "degrees":
      return { ...expression, operand: map(expression.operand) };
    case "modular":
      return { ...expression, operand: map(expression.operand), modulus: map(expression.modulus) };
    case "list":
    case "set":
    case "bracket":
      return { ...expression, items: expression.items.map(map) };
    case "set-builder":
      return { ...expression, element: map(expression.element), condition: map(expression.condition) };
    case "set-operation":
      return { ...expression, left: map(expression.left), right: map(expression.right) };
    case "ratio":
      return { ...expression, parts: expression.parts.map(map) };
    case "matrix":
      return { ...expression, rows: expression.rows.map((row) => row.map(map)) };
    case "number":
    case "symbol":
    case "constant":
    case "based":
    case "text":
      return expression;
  }
}

/** Whether the expression or any part of it satisfies the predicate. */
export function contains(expression: Expression, predicate: (part: Expression) => boolean): boolean {
  return predicate(expression) || children(expression).some((child) => contains(child, predicate));
}

/** Names of the variables, words included. */
export function symbolNames(expression: Expression, names: Set<string> = new Set()): Set<string> {
  if (expression.kind === "symbol") names.add(expression.name);
  for (const child of children(expression)) symbolNames(child, names);
  return names;
}
