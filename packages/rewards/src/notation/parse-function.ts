import type { Expression, FunctionName } from "../expression/expression.ts";
import { functionNames, inverseFunctions } from "./commands.ts";
import type { Cursor } from "./cursor.ts";
import { type Grammar, number } from "./grammar.ts";
import { numberLiteral } from "./number-literal.ts";
import { isUnitAhead } from "./parse-unit.ts";

/** Reads what a function is applied to: `sin(x)`, `\sin 2x`, `\sin^2 x`, `\log_2 8`, `max(a, b)`. The name is already read. */
export function parseFunction(cursor: Cursor, grammar: Grammar, written: string, subscript: string): Expression {
  const name = functionNames[written] ?? cursor.fail();
  if (name === "root" && written === "sqrt") return root(cursor, grammar, number(2));
  if (name === "root") return root(cursor, grammar, number(3));
  let base = subscript;
  let exponent: Expression | undefined;
  if (cursor.take("^"))
    exponent = cursor.take("-") ? { kind: "negation", operand: grammar.argument(cursor) } : grammar.argument(cursor);
  if (cursor.isMark("_") && base === "") {
    cursor.next();
    base = cursor.take("{") ? readUntilBrace(cursor) : cursor.next().text;
  }
  const operands = readOperands(cursor, grammar);
  const isInverse =
    exponent?.kind === "negation" && exponent.operand.kind === "number" && exponent.operand.value.numerator === 1n;
  const inverse = isInverse ? inverseFunctions[name] : undefined;
  const call = applied(cursor, inverse ?? name, written, operands, base);
  return exponent && !inverse ? { kind: "power", base: call, exponent } : call;
}

function readUntilBrace(cursor: Cursor): string {
  let text = "";
  while (!cursor.take("}")) {
    if (cursor.isAtEnd) cursor.fail();
    text += cursor.next().text;
  }
  return text;
}

function applied(
  cursor: Cursor,
  name: FunctionName,
  written: string,
  operands: readonly Expression[],
  base: string,
): Expression {
  if (name !== "log") return { kind: "call", name, operands };
  const baseText = written === "lg" ? "10" : base;
  if (baseText === "") return { kind: "call", name, operands };
  const [only] = operands;
  const value = /^\d/.test(baseText) ? numberLiteral(baseText) : letter(baseText);
  return only && value ? { kind: "call", name, operands: [only, value] } : cursor.fail();
}

function letter(text: string): Expression {
  return text === "e" ? { kind: "constant", name: "e" } : { kind: "symbol", name: text };
}

function readOperands(cursor: Cursor, grammar: Grammar): readonly Expression[] {
  if (cursor.take("(") || cursor.isMark("{")) {
    const close = cursor.take("{") ? "}" : ")";
    const operands = [grammar.sum(cursor)];
    while (cursor.take(",")) operands.push(grammar.sum(cursor));
    cursor.expect(close, "]");
    return operands;
  }
  // \sin 2x cos y: the operand runs over plain factors, up to the next function.
  const factors: Expression[] = [grammar.factor(cursor)];
  while (startsPlainFactor(cursor) && !isUnitAhead(cursor, { hasNumber: true, isBareNumber: false }))
    factors.push(grammar.factor(cursor));
  return [factors.length === 1 ? factors[0]! : { kind: "product", factors }];
}

function startsPlainFactor(cursor: Cursor): boolean {
  const { type, text } = cursor.token;
  if (type === "word") return !Object.hasOwn(functionNames, text) && text !== "U";
  if (type === "command") return !Object.hasOwn(functionNames, text);
  return false;
}

/** \sqrt{x}, \sqrt[n]{x}, \sqrt2, sqrt(x). The command is already read. */
export function root(cursor: Cursor, grammar: Grammar, defaultDegree: Expression): Expression {
  let degree = defaultDegree;
  if (cursor.take("[")) {
    degree = grammar.sum(cursor);
    cursor.expect("]");
  }
  const radicand =
    cursor.token.type === "number" ? (numberLiteral(cursor.next().text) ?? cursor.fail()) : grammar.argument(cursor);
  return { kind: "call", name: "root", operands: [radicand, degree] };
}
