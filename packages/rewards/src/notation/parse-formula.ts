import type { Expression, RelationOperator } from "../expression/expression.ts";
import { relationSpellings } from "./commands.ts";
import type { Cursor } from "./cursor.ts";
import { type Grammar, number } from "./grammar.ts";
import { numberLiteral } from "./number-literal.ts";
import { parseAtom, startsAtom } from "./parse-atom.ts";
import { isUnitAhead, parseCompound, parseQuantity } from "./parse-unit.ts";

export const grammar: Grammar = { relation, sum, factor, argument };

/** The whole of the tokens as one expression. */
export function parseFormula(cursor: Cursor): Expression {
  const expression = relation(cursor);
  if (!cursor.isAtEnd) cursor.fail();
  return expression;
}

function relation(cursor: Cursor): Expression {
  const operands: Expression[] = [];
  const operators: RelationOperator[] = [];
  // "= 5" and "≈ 5" answer a question that the response did not repeat.
  cursor.take("=", "≈");
  operands.push(setExpression(cursor));
  for (;;) {
    const operator = cursor.token.type === "mark" ? relationSpellings[cursor.token.text] : undefined;
    if (operator === undefined) break;
    cursor.next();
    // "= ... =" with nothing on the last side.
    if (cursor.isAtEnd) break;
    operators.push(operator);
    operands.push(setExpression(cursor));
  }
  return operators.length === 0 ? operands[0]! : { kind: "relation", operands, operators };
}

const setOperators = { "∪": "union", "∩": "intersection", "∖": "difference" } as const;

function setExpression(cursor: Cursor): Expression {
  let left = ratio(cursor);
  while (cursor.isMark("∪", "∩", "∖") || (cursor.token.text === "U" && cursor.token.type === "word" && isSet(left))) {
    const { text } = cursor.next();
    const operator = setOperators[text as keyof typeof setOperators] ?? "union";
    left = { kind: "set-operation", operator, left, right: ratio(cursor) };
  }
  return left;
}

function isSet({ kind }: Expression): boolean {
  return kind === "bracket" || kind === "set" || kind === "set-operation";
}

function ratio(cursor: Cursor): Expression {
  const parts = [sum(cursor)];
  while (cursor.take(":")) parts.push(sum(cursor));
  return parts.length === 1 ? modular(cursor, parts[0]!) : { kind: "ratio", parts };
}

/** 3 \pmod 7, 3 (mod 7), 3 mod 7 */
function modular(cursor: Cursor, operand: Expression): Expression {
  const { type, text } = cursor.token;
  if (type === "command" && (text === "pmod" || text === "bmod" || text === "mod")) {
    cursor.next();
    return { kind: "modular", operand, modulus: text === "pmod" ? argument(cursor, true) : sum(cursor) };
  }
  const isBracketed = text === "(" && cursor.ahead(1).text === "mod";
  if (!isBracketed && !(type === "word" && text === "mod")) return operand;
  cursor.take("(");
  cursor.next();
  const modulus = sum(cursor);
  if (isBracketed) cursor.expect(")");
  return { kind: "modular", operand, modulus };
}

function sum(cursor: Cursor): Expression {
  return cursor.nested(() => {
    const terms: Expression[] = [];
    let result: Expression | undefined;
    for (;;) {
      const sign = cursor.isMark("+", "-", "±", "∓") ? cursor.next().text : "";
      if (sign === "" && (terms.length > 0 || result)) break;
      const term = product(cursor);
      if (sign === "±" || sign === "∓") {
        const left = terms.length > 0 ? joined(terms) : undefined;
        terms.length = 0;
        result = { kind: "plus-minus", right: term, isLower: sign === "∓", ...(left ? { left } : {}) };
        terms.push(result);
      } else terms.push(sign === "-" ? { kind: "negation", operand: term } : term);
      if (!cursor.isMark("+", "-", "±", "∓")) break;
    }
    return joined(terms);
  });
}

function joined(terms: readonly Expression[]): Expression {
  return terms.length === 1 ? terms[0]! : { kind: "sum", terms: [...terms] };
}

function product(cursor: Cursor): Expression {
  let left = parseCompound(cursor) ?? signedFactor(cursor);
  for (;;) {
    if (cursor.isMark("*", "/")) {
      const isQuotient = cursor.next().text === "/";
      const right = signedFactor(cursor);
      left = isQuotient ? { kind: "quotient", numerator: left, denominator: right } : multiplied(left, right);
    } else if (isUnitAhead(cursor, left)) {
      left = parseQuantity(cursor, left);
    } else if (cursor.ahead(1).text === "mod" && cursor.isMark("(")) return left;
    else if (startsAtom(cursor)) {
      if (left.kind === "quantity") cursor.fail();
      if (cursor.token.type === "number") {
        const mixed = mixedNumber(cursor, left);
        if (mixed === undefined && (!isClosed(left) || isWordSymbol(left))) cursor.fail();
        left = mixed ?? multiplied(left, factor(cursor));
        continue;
      }
      const right = factor(cursor);
      // Prose is not a product: "A beats B" must not equal "B beats A".
      if (isWordSymbol(left) || isWordSymbol(right)) cursor.fail();
      left = mixedFraction(left, right) ?? multiplied(left, right);
    } else return left;
  }
}

/** After a bracket or a formula a number can be a factor; two bare numbers side by side are none. */
function isClosed({ kind }: Expression): boolean {
  return kind !== "number" && kind !== "based";
}

function isWordSymbol(expression: Expression): boolean {
  const last = expression.kind === "product" ? expression.factors.at(-1)! : expression;
  return last.kind === "symbol" && last.isWord === true;
}

function multiplied(left: Expression, right: Expression): Expression {
  const factors = left.kind === "product" ? [...left.factors, right] : [left, right];
  return { kind: "product", factors };
}

/** 3 1/2 */
function mixedNumber(cursor: Cursor, left: Expression): Expression | undefined {
  const [numerator, slash, denominator] = [cursor.token, cursor.ahead(1), cursor.ahead(2)];
  if (left.kind !== "number" || slash.text !== "/" || denominator.type !== "number" || !numerator.spaced)
    return undefined;
  const [top, bottom] = [numberLiteral(numerator.text), numberLiteral(denominator.text)];
  if (!top || !bottom) return undefined;
  const fraction: Expression = { kind: "quotient", numerator: top, denominator: bottom };
  const mixed = mixedFraction(left, fraction);
  if (mixed) for (let count = 0; count < 3; count++) cursor.next();
  return mixed;
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

function signedFactor(cursor: Cursor): Expression {
  if (cursor.take("+")) return cursor.nested(() => signedFactor(cursor));
  if (cursor.take("-")) return { kind: "negation", operand: cursor.nested(() => signedFactor(cursor)) };
  return factor(cursor);
}

function factor(cursor: Cursor): Expression {
  let base = parseAtom(cursor, grammar);
  for (;;) {
    if (cursor.take("!")) base = { kind: "call", name: "factorial", operands: [base] };
    else if (cursor.take("%")) base = { kind: "percent", operand: base };
    else if (cursor.take("°")) base = { kind: "degrees", operand: base };
    else if (cursor.take("^")) base = raised(cursor, base);
    else if (cursor.token.type === "command" && cursor.token.text === "circ") {
      cursor.next();
      base = { kind: "degrees", operand: base };
    } else return base;
  }
}

function raised(cursor: Cursor, base: Expression): Expression {
  const { type, text } = cursor.token;
  const [first, second] = [cursor.ahead(1), cursor.ahead(2)];
  if (type === "command" && text === "circ") {
    cursor.next();
    return { kind: "degrees", operand: base };
  }
  if (cursor.take("°")) return { kind: "degrees", operand: base };
  if (text === "{" && (first.text === "circ" || first.text === "°") && second.text === "}") {
    for (let count = 0; count < 3; count++) cursor.next();
    return { kind: "degrees", operand: base };
  }
  if (cursor.take("-")) return { kind: "power", base, exponent: { kind: "negation", operand: argument(cursor, true) } };
  cursor.take("+");
  const exponent = argument(cursor, true);
  return { kind: "power", base, exponent };
}

/** @param wholeNumber take all digits of a bare number (`x^10`) rather than TeX's first. */
function argument(cursor: Cursor, wholeNumber = false): Expression {
  return cursor.nested(() => {
    if (cursor.take("{")) {
      if (cursor.take("}")) return number(0);
      const inside = relation(cursor);
      cursor.expect("}");
      return inside;
    }
    if (cursor.token.type === "number" && !wholeNumber) return number(BigInt(cursor.takeDigit()));
    if (cursor.isMark("(", "|", "{set", "[") || cursor.token.type !== "mark") return parseAtom(cursor, grammar);
    return cursor.fail();
  });
}
