import { contains, type Expression, mapChildren } from "../expression/expression.ts";

/** The values that ± stands for: one expression with all upper signs, one with all lower; only the expression where it has none. */
export function bothSigns(expression: Expression): readonly Expression[] {
  if (!contains(expression, ({ kind }) => kind === "plus-minus")) return [expression];
  if (expression.kind === "list" || expression.kind === "set")
    return [{ ...expression, items: expression.items.flatMap(bothSigns) }];
  return [withSign(expression, false), withSign(expression, true)];
}

function withSign(expression: Expression, lower: boolean): Expression {
  const mapped = mapChildren(expression, (part) => withSign(part, lower));
  if (mapped.kind !== "plus-minus") return mapped;
  const term: Expression = mapped.isLower === lower ? mapped.right : { kind: "negation", operand: mapped.right };
  return mapped.left ? { kind: "sum", terms: [mapped.left, term] } : term;
}
