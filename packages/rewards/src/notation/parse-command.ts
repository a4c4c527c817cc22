import type { Expression } from "../expression/expression.ts";
import { closingCommands, functionNames } from "./commands.ts";
import type { Cursor } from "./cursor.ts";
import type { Grammar } from "./grammar.ts";
import { number } from "./grammar.ts";
import { parseFunction, root } from "./parse-function.ts";

/** Operators over a range, which are beyond this grammar: such answers are compared as text. */
const operators = new Set(["sum", "prod", "int", "iint", "oint", "lim"]);

/** Reads a command and what belongs to it. */
export function parseCommand(cursor: Cursor, grammar: Grammar, parseSubscript: (cursor: Cursor) => string): Expression {
  const { text: name } = cursor.next();
  switch (name) {
    case "frac":
    case "dfrac":
    case "tfrac":
    case "cfrac":
      return fraction(cursor, grammar);
    case "binom":
    case "dbinom":
    case "tbinom":
      return { kind: "call", name: "binomial", operands: [grammar.argument(cursor), grammar.argument(cursor)] };
    case "sqrt":
      return root(cursor, grammar, number(2));
    case "pi":
      return { kind: "constant", name: "pi" };
    case "infty":
    case "infin":
      return { kind: "constant", name: "infinity" };
    case "emptyset":
    case "varnothing":
      return { kind: "set", items: [] };
    case "mathbb":
    case "Bbb":
      return numberSet(cursor);
    case "lfloor":
      return enclosed(cursor, grammar, "floor", "rfloor");
    case "lceil":
      return enclosed(cursor, grammar, "ceiling", "rceil");
    case "ldots":
    case "cdots":
    case "dots":
    case "dotsc":
    case "dotsb":
      return { kind: "symbol", name: "…", isWord: true };
    default:
      break;
  }
  if (Object.hasOwn(functionNames, name)) return parseFunction(cursor, grammar, name, "");
  // A command nobody knows is a name like any other, as long as it closes nothing.
  if (closingCommands.has(name) || operators.has(name)) return cursor.fail();
  const subscript = parseSubscript(cursor);
  return { kind: "symbol", name: subscript === "" ? canonicalGreek(name) : `${canonicalGreek(name)}_${subscript}` };
}

function canonicalGreek(name: string): string {
  return /^var(?:epsilon|phi|theta|rho|sigma|pi|kappa)$/.test(name) ? name.slice(3) : name;
}

function fraction(cursor: Cursor, grammar: Grammar): Expression {
  const numerator = grammar.argument(cursor);
  return { kind: "quotient", numerator, denominator: grammar.argument(cursor) };
}

function numberSet(cursor: Cursor): Expression {
  const isGroup = cursor.take("{");
  const { text } = cursor.next();
  if (isGroup) cursor.expect("}");
  if (!/^[RQZNC]$/.test(text)) return cursor.fail();
  let name = `set ${text}`;
  if (cursor.isMark("^", "_") && ["+", "-", "*", "{"].includes(cursor.ahead(1).text)) {
    cursor.next();
    const inGroup = cursor.take("{");
    name += cursor.next().text;
    if (inGroup) cursor.expect("}");
  }
  return { kind: "symbol", name };
}

function enclosed(cursor: Cursor, grammar: Grammar, name: "floor" | "ceiling", close: string): Expression {
  const operand = grammar.sum(cursor);
  if (cursor.token.type !== "command" || cursor.token.text !== close) cursor.fail();
  cursor.next();
  return { kind: "call", name, operands: [operand] };
}
