import type { Expression } from "../expression/expression.ts";

const functionLetters = /^(?:[fghpqruvy]|[A-Z][A-Za-z]*|alpha|beta|gamma|theta|phi|psi|Phi|Psi|Delta)(?:_.*)?'*$/;
const upperCase = /^[A-Z]{2,}/;

/** Whether an expression only names what is asked for: x, a_3, f(2), (p, q), S_1 : S_2, \frac{NO}{BO}. */
export function isName(expression: Expression): boolean {
  switch (expression.kind) {
    case "symbol":
    case "text":
      return true;
    case "constant":
      return expression.name === "e" || expression.name === "i";
    case "bracket":
      return expression.items.every(isName);
    case "ratio":
      return expression.parts.every(isName);
    case "quotient":
      return isName(expression.numerator) && isName(expression.denominator);
    case "product": {
      const [first, ...rest] = expression.factors;
      // The numerator and denominator of dy/dx.
      if (first?.kind === "symbol" && first.name === "d" && rest.length === 1 && rest[0]?.kind === "symbol")
        return true;
      return first?.kind === "symbol" && functionLetters.test(first.name) && rest.every(isArgument);
    }
    case "power":
      return expression.base.kind === "symbol" && upperCase.test(expression.base.name);
    case "call":
      return expression.operands.every((operand) => isName(operand) || operand.kind === "number");
    default:
      return false;
  }
}

function isArgument(expression: Expression): boolean {
  return (
    expression.kind === "number" || expression.kind === "negation" || expression.kind === "sum" || isName(expression)
  );
}

/** Whether an expression is a plain combination of unknowns, as in "m + n = 10" for a question about m + n. */
export function isCombinationOfNames(expression: Expression): boolean {
  if (expression.kind === "sum") return expression.terms.every((term) => isCombinationOfNames(term));
  if (expression.kind === "negation") return isCombinationOfNames(expression.operand);
  if (expression.kind === "product") return expression.factors.every(({ kind }) => kind === "symbol");
  return isName(expression);
}

/** f of f(2), x of x: what must agree when two assignments are of the same thing. */
export function headOfName(expression: Expression): string {
  if (expression.kind === "symbol") return expression.name.toLowerCase();
  if (expression.kind === "product") return headOfName(expression.factors[0]!);
  if (expression.kind === "constant" || expression.kind === "call") return expression.name;
  return expression.kind;
}
