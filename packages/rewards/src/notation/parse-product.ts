import { contains, type Expression } from "../expression/expression.ts";
import type { Cursor } from "./cursor.ts";
import type { Grammar } from "./grammar.ts";
import { numberLiteral } from "./number-literal.ts";
import { startsAtom } from "./parse-atom.ts";
import { isUnitAhead, parseCompound, parseQuantity } from "./parse-unit.ts";

/** Factors joined by signs or by nothing, quotients, mixed numbers, and the unit behind them. */
export function parseProduct(cursor: Cursor, grammar: Grammar): Expression {
  const compound = parseCompound(cursor);
  const factors: Expression[] = [compound ?? signedFactor(cursor, grammar)];
  let hasNumber = showsNumber(factors[0]!);
  const append = (right: Expression): void => {
    factors.push(right);
    hasNumber ||= showsNumber(right);
  };
  for (;;) {
    const last = factors.at(-1)!;
    if (cursor.take("%")) factors.splice(0, factors.length, { kind: "percent", operand: joined(factors) });
    else if (cursor.take("*")) append(signedFactor(cursor, grammar));
    else if (cursor.take("/")) {
      const denominator = signedFactor(cursor, grammar);
      hasNumber ||= showsNumber(denominator);
      const quotient: Expression = { kind: "quotient", numerator: joined(factors), denominator };
      factors.splice(0, factors.length, quotient);
    } else if (isUnitAhead(cursor, { hasNumber, isBareNumber: factors.length === 1 && last.kind === "number" })) {
      if (last.kind === "quantity") cursor.fail();
      factors.splice(0, factors.length, parseQuantity(cursor, joined(factors)));
    } else if (cursor.isMark("(") && cursor.ahead(1).text === "mod") return joined(factors);
    else if (!startsAtom(cursor)) return joined(factors);
    else appendImplicit(cursor, grammar, factors, append);
  }
}

/** What follows without a sign between. */
function appendImplicit(
  cursor: Cursor,
  grammar: Grammar,
  factors: Expression[],
  append: (right: Expression) => void,
): void {
  const last = factors.at(-1)!;
  // Prose is not a product: "A beats B" must not equal "B beats A".
  if (last.kind === "quantity" || isWord(last)) cursor.fail();
  const isNumber = cursor.token.type === "number";
  const written = isNumber && factors.length === 1 ? mixedNumber(cursor, last) : undefined;
  if (written) {
    factors.splice(0, 1, written);
    return;
  }
  // After a bracket or a formula a number can be a factor; two bare numbers side by side are none.
  if (isNumber && (last.kind === "number" || last.kind === "based")) cursor.fail();
  const right = grammar.factor(cursor);
  if (isWord(right)) cursor.fail();
  const mixed = factors.length === 1 ? mixedFactor(last, right) : undefined;
  if (mixed) factors.splice(0, 1, mixed);
  else append(right);
}

function showsNumber(expression: Expression): boolean {
  return contains(expression, (part) => part.kind === "number" || (part.kind === "constant" && part.name === "pi"));
}

function joined(factors: readonly Expression[]): Expression {
  return factors.length === 1 ? factors[0]! : { kind: "product", factors: [...factors] };
}

function isWord(expression: Expression): boolean {
  return expression.kind === "symbol" && expression.isWord === true;
}

/** 3 1/2 */
function mixedNumber(cursor: Cursor, left: Expression): Expression | undefined {
  const [numerator, slash, denominator] = [cursor.token, cursor.ahead(1), cursor.ahead(2)];
  if (slash.text !== "/" || denominator.type !== "number" || !numerator.spaced) return undefined;
  const [top, bottom] = [numberLiteral(numerator.text), numberLiteral(denominator.text)];
  if (!top || !bottom) return undefined;
  const mixed = mixedFraction(left, { kind: "quotient", numerator: top, denominator: bottom });
  if (mixed) for (let count = 0; count < 3; count++) cursor.next();
  return mixed;
}

/** 33\frac{1}{3}\%: the sign belongs to the whole. */
function mixedFactor(left: Expression, right: Expression): Expression | undefined {
  if (right.kind !== "percent" && right.kind !== "degrees") return mixedFraction(left, right);
  const operand = mixedFraction(left, right.operand);
  return operand && { ...right, operand };
}

/** 3\frac{1}{2}: a whole number directly before a proper fraction of numbers adds. */
function mixedFraction(left: Expression, right: Expression): Expression | undefined {
  if (left.kind !== "number" || left.value.denominator !== 1n || left.places !== undefined) return undefined;
  if (right.kind !== "quotient" || right.numerator.kind !== "number" || right.denominator.kind !== "number")
    return undefined;
  const [top, bottom] = [right.numerator.value, right.denominator.value];
  if (top.denominator !== 1n || bottom.denominator !== 1n || top.numerator >= bottom.numerator) return undefined;
  return { kind: "sum", terms: [left, right] };
}

function signedFactor(cursor: Cursor, grammar: Grammar): Expression {
  if (cursor.take("+")) return cursor.nested(() => signedFactor(cursor, grammar));
  if (cursor.take("-")) return { kind: "negation", operand: cursor.nested(() => signedFactor(cursor, grammar)) };
  return grammar.factor(cursor);
}
