import type { Expression, RelationOperator } from "../expression/expression.ts";
import { relationSpellings } from "./commands.ts";
import type { Cursor } from "./cursor.ts";
import { type Grammar, number } from "./grammar.ts";
import { parseAtom } from "./parse-atom.ts";
import { parseProduct } from "./parse-product.ts";

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
      const term = parseProduct(cursor, grammar);
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
