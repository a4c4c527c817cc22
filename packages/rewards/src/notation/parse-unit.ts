import type { Expression } from "../expression/expression.ts";
import { add, decimal, multiply, type Rational } from "../expression/rational.ts";
import { functionNames } from "./commands.ts";
import type { Cursor } from "./cursor.ts";
import { numberLiteral } from "./number-literal.ts";
import type { Token } from "./tokens.ts";
import { isLetterUnit, isUnitWord, measure } from "./units.ts";

const percentWords = new Set(["percent", "percentage", "percents", "pct"]);

const multiples: Readonly<Record<string, bigint>> = {
  thousand: 1000n,
  million: 1000000n,
  billion: 1000000000n,
  trillion: 1000000000000n,
};
const degreeWords = new Set(["degree", "degrees", "deg"]);

/** What a unit may stand behind. */
export interface UnitContext {
  readonly hasNumber: boolean;
  readonly isBareNumber: boolean;
}

/** Whether what follows can only be the unit (or the counted noun) of what was read. */
export function isUnitAhead(cursor: Cursor, { hasNumber, isBareNumber }: UnitContext): boolean {
  const { token } = cursor;
  if (token.type !== "word" || Object.hasOwn(functionNames, token.text)) return false;
  if (percentWords.has(token.text.toLowerCase())) return true;
  const after = cursor.ahead(1);
  if (isLetterUnit(token.text)) {
    if (token.upright) return hasNumber;
    // "5 m" and "5m²" at the end are metres as likely as a variable: both readings are kept.
    if (after.text === "/" && cursor.ahead(2).type === "word") return isBareNumber && isUnitWord(cursor.ahead(2).text);
    return isBareNumber && isEnd(cursor.ahead(after.text === "^" ? lengthOfExponent(cursor) : 1));
  }
  if (token.text.length < 2) return false;
  if (isUnitWord(token.text)) return hasNumber || token.upright;
  const isNoun = token.upright || (token.spaced && token.text.length > 3 && token.text !== token.text.toUpperCase());
  return isNoun && hasNumber;
}

function isEnd({ text }: Token): boolean {
  return ["", ",", ";", "and", "or", "quad", ")", "]", "}", "}set", "=", "≈", "."].includes(text);
}

/** Tokens up to the end of `^2` or `^{2}`, counted from the letter. */
function lengthOfExponent(cursor: Cursor): number {
  return cursor.ahead(2).text === "{" ? 5 : 3;
}

/** Reads "cm^2", "square meters", "km/h", "red apples" behind a number. */
export function parseQuantity(cursor: Cursor, operand: Expression): Expression {
  if (percentWords.has(cursor.token.text.toLowerCase())) {
    cursor.next();
    return { kind: "percent", operand };
  }
  const multiple = multiples[cursor.token.text.toLowerCase()];
  if (multiple !== undefined) {
    cursor.next();
    return { kind: "product", factors: [operand, { kind: "number", value: { numerator: multiple, denominator: 1n } }] };
  }
  const letter = cursor.token;
  if (degreeWords.has(letter.text.toLowerCase())) {
    cursor.next();
    return { kind: "degrees", operand };
  }
  const words: string[] = [];
  let exponent = 1;
  for (let count = 0; count < 24; count++) {
    const { type, text } = cursor.token;
    if (type === "word") words.push(cursor.next().text);
    else if (words.length > 0 && cursor.isMark("^")) {
      exponent = Number(readExponent(cursor));
      words.push(`${words.pop()}^${exponent}`);
    } else if (words.length > 0 && text === "/" && cursor.ahead(1).type === "word") words.push(cursor.next().text);
    else if (words.length > 0 && text === "*" && cursor.ahead(1).type === "word") cursor.next();
    else break;
  }
  const unit = words.join(" ").replaceAll(" / ", "/");
  const isLetter = words.length === 1 && isLetterUnit(letter.text) && !letter.upright;
  const variable: Expression = { kind: "symbol", name: letter.text };
  const power: Expression = {
    kind: "power",
    base: variable,
    exponent: { kind: "number", value: { numerator: BigInt(Math.trunc(exponent) || 1), denominator: 1n } },
  };
  const asFormula: Expression = { kind: "product", factors: [operand, exponent === 1 ? variable : power] };
  const quantity: Expression = { kind: "quantity", operand, unit, ...(isLetter ? { asFormula } : {}) };
  return quantity;
}

function readExponent(cursor: Cursor): string {
  cursor.expect("^");
  const isGroup = cursor.take("{");
  const { type, text } = cursor.next();
  if (type !== "number" || !/^[1-9]$/.test(text)) cursor.fail();
  if (isGroup) cursor.expect("}");
  return text;
}

/** 2h 48m, 5 feet 3 inches: quantities of one dimension side by side add up. undefined where that is not what follows. */
export function parseCompound(cursor: Cursor): Expression | undefined {
  if (cursor.token.type !== "number" || cursor.ahead(1).type !== "word" || cursor.ahead(2).type !== "number")
    return undefined;
  let total: Rational | undefined;
  let dimension: string | undefined;
  let count = 0;
  for (; cursor.ahead(2 * count).type === "number" && cursor.ahead(2 * count + 1).type === "word"; count++) {
    const value = numberLiteral(cursor.ahead(2 * count).text);
    const written = cursor.ahead(2 * count + 1).text;
    const unit = measure(written === "m" && dimension === "time" ? "min" : written);
    if (value?.kind !== "number" || !unit || (dimension !== undefined && unit.dimension !== dimension))
      return undefined;
    dimension = unit.dimension;
    const factor = decimal(unit.factor.toFixed(12).replace(/0+$/, ""));
    const part = factor && multiply(value.value, factor);
    total = total && part ? add(total, part) : part;
  }
  const base = { length: "m", time: "s", mass: "kg" }[dimension ?? ""];
  if (count < 2 || total === undefined || base === undefined) return undefined;
  for (let taken = 0; taken < 2 * count; taken++) cursor.next();
  return { kind: "quantity", operand: { kind: "number", value: total }, unit: base };
}
