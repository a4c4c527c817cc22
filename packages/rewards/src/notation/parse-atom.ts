import type { Expression } from "../expression/expression.ts";
import { closingCommands, functionNames } from "./commands.ts";
import type { Cursor } from "./cursor.ts";
import { type Grammar, number } from "./grammar.ts";
import { numberLiteral } from "./number-literal.ts";
import { numberWord } from "./number-words.ts";
import { parseBracket, parseEnvironment, parseGroup, parseSet } from "./parse-bracket.ts";
import { parseCommand } from "./parse-command.ts";
import { parseFunction } from "./parse-function.ts";

/** Whether an atom can begin here: what makes multiplication implicit. */
export function startsAtom(cursor: Cursor): boolean {
  const { type, text } = cursor.token;
  if (type === "command") return !closingCommands.has(text);
  if (type === "number" || type === "begin") return true;
  if (type === "word") return text !== "U";
  if (text === "|") return cursor.bars === 0;
  if (text === "[" && cursor.isFrench) return false;
  return text !== "" && ["(", "[", "{", "{set"].includes(text);
}

export function parseAtom(cursor: Cursor, grammar: Grammar): Expression {
  return cursor.nested(() => {
    const { type, text } = cursor.token;
    switch (type) {
      case "number":
        return parseNumber(cursor);
      case "word":
        return parseWord(cursor, grammar);
      case "command":
        return parseCommand(cursor, grammar, parseSubscript);
      case "begin":
        return parseEnvironment(cursor, grammar);
      case "mark":
        if (text === "(" || text === "[" || text === "]") return parseBracket(cursor, grammar);
        if (text === "{set") return parseSet(cursor, grammar);
        if (text === "{") return parseGroup(cursor, grammar);
        if (text === "|") return parseAbsolute(cursor, grammar);
        return cursor.fail();
      default:
        return cursor.fail();
    }
  });
}

function parseNumber(cursor: Cursor): Expression {
  const { text } = cursor.next();
  if (cursor.isMark("_") && /^\d+$/.test(text)) {
    const base = Number(parseSubscript(cursor));
    if (Number.isInteger(base) && base >= 2 && base <= 36) return { kind: "based", digits: text, base };
    return cursor.fail();
  }
  return numberLiteral(text) ?? cursor.fail();
}

/** The characters of a subscript, as part of a name: x_1 and x_{1} are the same. */
function parseSubscript(cursor: Cursor): string {
  if (!cursor.take("_")) return "";
  if (!cursor.take("{")) return cursor.next().text;
  let name = "";
  for (let depth = 1; ; ) {
    if (cursor.isAtEnd) cursor.fail();
    const { text } = cursor.next();
    if (text === "{") depth++;
    else if (text === "}" && --depth === 0) return name;
    else name += text;
  }
}

function parseName(cursor: Cursor, name: string): string {
  let full = name;
  for (let count = 0; count < 8; count++) {
    if (cursor.isMark("_")) full += `_${parseSubscript(cursor)}`;
    else if (cursor.take("'")) full += "'";
    else break;
  }
  return full;
}

/** Short words that no product of variables is likely to spell. */
const prose = new Set([
  "the",
  "is",
  "it",
  "of",
  "so",
  "if",
  "we",
  "was",
  "are",
  "for",
  "not",
  "but",
  "who",
  "has",
  "its",
  "can",
  "all",
  "any",
  "no",
  "yes",
]);

function parseWord(cursor: Cursor, grammar: Grammar): Expression {
  const token = cursor.token;
  const { text, upright } = token;
  const lower = text.toLowerCase();
  if (Object.hasOwn(functionNames, text) && (text !== "min" || cursor.ahead(1).text === "(")) {
    cursor.next();
    return parseFunction(cursor, grammar, text, parseSubscript(cursor));
  }
  cursor.next();
  if (lower === "pi") return { kind: "constant", name: "pi" };
  if (lower === "infinity" || lower === "inf" || text === "oo") return { kind: "constant", name: "infinity" };
  if (text === "e" && !cursor.isMark("_", "'")) return { kind: "constant", name: "e" };
  if (text === "i" && !cursor.isMark("_", "'")) return { kind: "constant", name: "i" };
  if (prose.has(lower) && text !== text.toUpperCase()) cursor.fail();
  const letters = [...text];
  const spelledOut = numberWord(lower);
  if (spelledOut !== undefined) return number(spelledOut);
  if (letters.length === 1) return { kind: "symbol", name: parseName(cursor, text) };
  if (/^pi[a-z]$/.test(text)) {
    return { kind: "product", factors: [{ kind: "constant", name: "pi" }, letterSymbol(text[2]!)] };
  }
  // "ABC" is a triangle, "Even" a word, "xy" a product. Words are compared as text, names as one symbol.
  if (/^[A-Z]+$/.test(text)) return { kind: "symbol", name: parseName(cursor, text) };
  if (upright || letters.length > 3 || !/^[a-z]+$/i.test(text)) {
    return { kind: "symbol", name: parseName(cursor, lower), isWord: true };
  }
  const last = letters.pop()!;
  return { kind: "product", factors: [...letters.map(letterSymbol), lastLetter(cursor, last)] };
}

function letterSymbol(letter: string): Expression {
  if (letter === "e" || letter === "i") return { kind: "constant", name: letter };
  return { kind: "symbol", name: letter };
}

/** The last letter of `xy` takes the subscript, prime or power that follows: `xy^2` is x·y². */
function lastLetter(cursor: Cursor, letter: string): Expression {
  const symbol: Expression = cursor.isMark("_", "'")
    ? { kind: "symbol", name: parseName(cursor, letter) }
    : letterSymbol(letter);
  if (!cursor.isMark("^")) return symbol;
  const next = cursor.ahead(1);
  if (next.type === "number" && /^\d+$/.test(next.text)) {
    cursor.next();
    cursor.next();
    return { kind: "power", base: symbol, exponent: number(BigInt(next.text)) };
  }
  return cursor.fail();
}

function parseAbsolute(cursor: Cursor, grammar: Grammar): Expression {
  cursor.expect("|");
  const isDouble = cursor.take("|");
  cursor.bars++;
  const operand = grammar.sum(cursor);
  cursor.expect("|");
  if (isDouble) cursor.expect("|");
  cursor.bars--;
  return { kind: "call", name: "abs", operands: [operand] };
}
