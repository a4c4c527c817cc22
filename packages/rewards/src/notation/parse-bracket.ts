import type { Expression } from "../expression/expression.ts";
import type { Cursor } from "./cursor.ts";
import { type Grammar, number } from "./grammar.ts";

function readItems(cursor: Cursor, grammar: Grammar, ...closing: readonly string[]): Expression[] {
  const items: Expression[] = [];
  for (;;) {
    while (cursor.take(",", ";", "quad", "and", "or", "\\\\")) {}
    if (cursor.isMark(...closing)) return items;
    items.push(grammar.relation(cursor));
    if (!cursor.isMark(",", ";", "quad", "and", "or", "\\\\", ...closing)) cursor.fail();
  }
}

/** (x), (a, b), [a, b), ]a, b[. One item in matching brackets is a formula in brackets. */
export function parseBracket(cursor: Cursor, grammar: Grammar): Expression {
  const opened = cursor.expect("(", "[", "]");
  const outerBars = cursor.bars;
  cursor.bars = 0;
  // In French notation ]a, b[ the brackets turn their backs.
  cursor.isFrench = opened === "]";
  const items = opened === "]" ? readItems(cursor, grammar, "[", ")", "]") : readItems(cursor, grammar, ")", "]", "[");
  cursor.isFrench = false;
  const closed = cursor.next().text;
  cursor.bars = outerBars;
  if (closed === "[" && opened === "(") cursor.fail();
  const [only] = items;
  if (only === undefined) return cursor.fail();
  if (items.length === 1 && closed !== "[" && opened !== "]") return only;
  const open = opened === "[" ? "[" : "(";
  return { kind: "bracket", open, close: closed === "]" ? "]" : ")", items };
}

/** \{1, 2\}, \{x : x > 2\} */
export function parseSet(cursor: Cursor, grammar: Grammar): Expression {
  cursor.expect("{set");
  const outerBars = cursor.bars;
  cursor.bars = 1;
  const builder = cursor.attempt(() => {
    const element = grammar.relation(cursor);
    cursor.expect("|", ":");
    cursor.bars = 0;
    const conditions = readItems(cursor, grammar, "}set", "}");
    cursor.next();
    return { element, conditions };
  });
  cursor.bars = 0;
  if (builder) {
    cursor.bars = outerBars;
    return setBuilder(cursor, builder.element, builder.conditions);
  }
  const ratio = cursor.attempt(() => readItems(cursor, grammar, "}set", "}")) ?? cursor.fail();
  cursor.next();
  cursor.bars = outerBars;
  const [only] = ratio;
  // {x : x > 2} reads as a ratio of x to a relation when the colon binds first.
  if (ratio.length === 1 && only?.kind === "relation" && only.operands[0]?.kind === "ratio") {
    const [first, ...rest] = only.operands;
    if (first?.kind === "ratio" && first.parts.length === 2) {
      const condition: Expression = { ...only, operands: [first.parts[1]!, ...rest] };
      return { kind: "set-builder", element: first.parts[0]!, condition };
    }
  }
  return { kind: "set", items: ratio };
}

function setBuilder(cursor: Cursor, element: Expression, conditions: readonly Expression[]): Expression {
  const [condition] = conditions;
  if (condition === undefined) return cursor.fail();
  const all: Expression = conditions.length === 1 ? condition : { kind: "list", items: conditions, joint: "and" };
  return { kind: "set-builder", element, condition: all };
}

/** {...}: a TeX group, or (as people type it) a set when it holds several items. */
export function parseGroup(cursor: Cursor, grammar: Grammar): Expression {
  cursor.expect("{");
  if (cursor.isMark("}")) {
    cursor.next();
    return { kind: "set", items: [] };
  }
  const first = grammar.relation(cursor);
  if (cursor.token.type === "command" && cursor.token.text === "choose") {
    cursor.next();
    const chosen = grammar.relation(cursor);
    cursor.expect("}");
    return { kind: "call", name: "binomial", operands: [first, chosen] };
  }
  if (cursor.take("}", "}set")) return first;
  const items = [first, ...readItems(cursor, grammar, "}", "}set")];
  cursor.next();
  return items.length === 1 ? first : { kind: "set", items };
}

const matrices = new Set(["matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix", "array"]);

/** \begin{pmatrix}1 & 2 \\ 3 & 4\end{pmatrix} */
export function parseEnvironment(cursor: Cursor, grammar: Grammar): Expression {
  const { text: name } = cursor.next();
  if (!matrices.has(name)) return cursor.fail();
  const rows: Expression[][] = [[]];
  while (!cursor.isEnvironmentEnd) {
    if (cursor.isAtEnd || rows.length > 64) cursor.fail();
    if (cursor.take("\\\\")) rows.push([]);
    else if (cursor.take("&")) rows.at(-1)!.push(number(0));
    else {
      rows.at(-1)!.push(grammar.relation(cursor));
      if (!cursor.take("&") && !cursor.isMark("\\\\") && !cursor.isEnvironmentEnd) cursor.fail();
    }
  }
  cursor.next();
  const filled = rows.filter((row) => row.length > 0);
  return filled.length === 0 ? cursor.fail() : { kind: "matrix", rows: filled };
}
