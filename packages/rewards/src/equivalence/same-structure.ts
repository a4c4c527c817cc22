import { children, type Expression } from "../expression/expression.ts";

/** Whether two expressions are written alike, part by part. */
export function sameStructure(a: Expression, b: Expression): boolean {
  if (a.kind !== b.kind || label(a) !== label(b)) return false;
  const [left, right] = [children(a), children(b)];
  return left.length === right.length && left.every((part, index) => sameStructure(part, right[index]!));
}

/** What distinguishes expressions of a kind, their parts aside. */
function label(expression: Expression): string {
  switch (expression.kind) {
    case "number":
      return `${expression.value.numerator}/${expression.value.denominator}`;
    case "symbol":
    case "constant":
    case "call":
      return expression.name;
    case "plus-minus":
      return String(expression.isLower);
    case "based":
      return `${expression.digits}_${expression.base}`;
    case "quantity":
      return expression.unit;
    case "bracket":
      return expression.open + expression.close;
    case "set-operation":
      return expression.operator;
    case "relation":
      return expression.operators.join("");
    case "matrix":
      return expression.rows.map((row) => row.length).join();
    case "text":
      return expression.text;
    default:
      return "";
  }
}
