import { contains, type Expression } from "../expression/expression.ts";

/** The values that ± stands for: one expression with all upper signs, one with all lower; only the expression where it has none. */
export function bothSigns(expression: Expression): readonly Expression[] {
  if (!contains(expression, ({ kind }) => kind === "plus-minus")) return [expression];
  if (expression.kind === "list" || expression.kind === "set")
    return [{ ...expression, items: expression.items.flatMap(bothSigns) }];
  return [withSign(expression, false), withSign(expression, true)];
}

function withSign(expression: Expression, lower: boolean): Expression {
  const map = (part: Expression): Expression => withSign(part, lower);
  switch (expression.kind) {
    case "plus-minus": {
      const right = map(expression.right);
      const term: Expression = expression.isLower === lower ? right : { kind: "negation", operand: right };
      return expression.left ? { kind: "sum", terms: [map(expression.left), term] } : term;
    }
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
    case "bracket":
      return { ...expression, items: expression.items.map(map) };
    case "negation":
    case "percent":
    case "degrees":
    case "quantity":
      return { ...expression, operand: map(expression.operand) };
    default:
      return expression;
  }
}
