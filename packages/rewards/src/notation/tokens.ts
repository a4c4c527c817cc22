import {
  commandSpellings,
  droppedWithArgument,
  ignoredCommands,
  knownCommands,
  styleCommands,
  uprightCommands,
} from "./commands.ts";

/** How commas between digits are read: 1,234 is a list, a number of thousands, or (in much of the world) a decimal. */
export type CommaReading = "separator" | "grouping" | "decimal";

export interface Token {
  /** `mark`: punctuation, operators and separators; `begin`/`end`: environments, `text` is their name. */
  readonly type: "number" | "word" | "command" | "mark" | "begin" | "end";
  readonly text: string;
  /** Whether it stood in \text{} or the like. */
  readonly upright: boolean;
  /** Whether a space stood before it. */
  readonly spaced: boolean;
}

export const maximumTokens = 1000;

const definiteGroups = /\d{1,3}(?:(?:,\s?\\[!,;]\s?|\{,\}|\\[,;!:]|\\ |~|,\\! ?)\d{3}(?!\d))+(?:\.\d+)?/y;
const spacedGroups = /\d{1,3}(?: \d{3}(?!\d))+(?:\.\d+)?(?![\d/^])/y;
const commaGroups = /\d{1,3}(?:,\d{3}(?!\d))+(?:\.\d+)?/y;
const commaDecimal = /(?:\d{1,3}(?:\.\d{3})+|\d+),\d+(?![\d,])/y;
const bracedDecimal = /\d+\{,\}\d+/y;
const plainNumber = /(?:\d+(?:\.\d+)?|\.\d+)/y;
const scientific = /[eE][+-]?\d{1,4}(?![\w.])/y;
const repeating = /(?:\\overline|\\bar|\\dot)\s?\{?(\d{1,40})\}?|\((\d{1,40})\)/y;
const word = /\p{L}+/uy;
const command = /\\([a-zA-Z]+)\*?|\\(.)/suy;
const environment = /\s{0,4}\{([a-zA-Z]+)\*?\}(?:\s{0,4}(?:\[[^\]]{0,8}\]|\{[clr|\s]{1,40}\}))?/y;
const digraphs: Readonly<Record<string, string>> = {
  "<=": "≤",
  ">=": "≥",
  "=<": "≤",
  "!=": "≠",
  "==": "=",
  "**": "^",
  "->": "→",
  "=>": "→",
  "+-": "±",
};

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** The tokens of a formula or phrase; undefined when there are too many of them to be an answer. */
export function tokenise(text: string, commas: CommaReading): Token[] | undefined {
  const tokens: Token[] = [];
  /** What each open brace closes: a group, or a style command's content (which leaves no token). */
  const braces: ("group" | "style" | "upright")[] = [];
  let uprightDepth = 0;
  let spaced = false;
  let at = 0;
  const push = (type: Token["type"], value: string): void => {
    tokens.push({ type, text: value, upright: uprightDepth > 0, spaced });
    spaced = false;
  };
  const openStyle = (isUpright: boolean): void => {
    while (text[at] === " ") at++;
    if (text[at] !== "{") return;
    at++;
    braces.push(isUpright ? "upright" : "style");
    if (isUpright) uprightDepth++;
    spaced = true;
  };
  while (at < text.length) {
    if (tokens.length > maximumTokens) return undefined;
    const character = text[at]!;
    if (character === " " || character === "\n" || character === "\t" || character === "~" || character === "$") {
      spaced = true;
      at++;
    } else if ((character >= "0" && character <= "9") || (character === "." && /\d/.test(text[at + 1] ?? ""))) {
      const [value, end] = readNumber(text, at, commas);
      push("number", value);
      at = end;
    } else if (character === "\\") {
      const found = match(command, text, at);
      if (found === null) return undefined;
      const name = found[1];
      at += found[0].length;
      if (name === undefined) readEscaped(found[2]!);
      else readCommand(name);
    } else if (character === "{") {
      braces.push("group");
      push("mark", "{");
      at++;
    } else if (character === "}") {
      const closes = braces.pop();
      at++;
      if (closes === "group" || closes === undefined) push("mark", "}");
      else spaced = true;
      if (closes === "upright") uprightDepth--;
    } else if (digraphs[text.slice(at, at + 2)] !== undefined) {
      push("mark", digraphs[text.slice(at, at + 2)]!);
      at += 2;
    } else {
      const letters = match(word, text, at)?.[0];
      if (letters === undefined) {
        push("mark", character);
        at++;
      } else {
        pushWord(letters);
        at += letters.length;
      }
    }
  }
  return tokens;

  function pushWord(letters: string): void {
    const joint = /^(and|or)(?=$|[A-Z])/.exec(letters)?.[1];
    const before = tokens.at(-1);
    const isJoint = joint !== undefined && (joint === letters || before?.type === "number" || before?.type === "mark");
    const rest = isJoint ? letters.slice(joint.length) : letters;
    if (isJoint) push("mark", joint);
    if (rest !== "") push("word", rest);
  }

  function readEscaped(escaped: string): void {
    if (escaped === "{" || escaped === "}") push("mark", `${escaped}set`);
    else if (escaped === "%") push("mark", "%");
    else if (escaped === "|") push("mark", "|");
    else if (escaped === "\\") {
      // A doubled backslash before a command is one that was escaped twice; before anything else it ends a line.
      const name = /^[a-zA-Z]+/.exec(text.slice(at, at + 24))?.[0];
      if (name !== undefined && knownCommands.has(name)) {
        at += name.length;
        readCommand(name);
      } else if (text[at] === "{" || text[at] === "}" || text[at] === "%") {
        readEscaped(text[at++]!);
      } else push("mark", "\\\\");
    } else spaced = true;
  }

  function readCommand(name: string): void {
    const spelling = commandSpellings[name];
    if (spelling !== undefined && Object.hasOwn(commandSpellings, name)) push("mark", spelling);
    else if (uprightCommands.has(name)) openStyle(true);
    else if (styleCommands.has(name)) openStyle(false);
    else if (ignoredCommands.has(name)) {
      if ((name === "left" || name === "right") && text[at] === ".") at++;
      spaced = true;
    } else if (droppedWithArgument.has(name)) {
      const close = text.indexOf("}", at);
      if (text[at] === "{" && close !== -1) at = close + 1;
      spaced = true;
    } else if (name === "begin" || name === "end") {
      const found = match(environment, text, at);
      if (found === null) push("command", name);
      else {
        push(name, found[1]!);
        at += found[0].length;
      }
    } else push("command", name);
  }
}

/** The digits of a number (a plain decimal with a point, or `0.1(6)` for repeating ones) and where it ends. */
function readNumber(text: string, at: number, commas: CommaReading): [value: string, end: number] {
  const grouped =
    match(definiteGroups, text, at) ??
    match(spacedGroups, text, at) ??
    (commas === "grouping" ? match(commaGroups, text, at) : null);
  if (grouped) return [grouped[0].replace(/[^\d.]/g, ""), at + grouped[0].length];
  const withComma = match(bracedDecimal, text, at) ?? (commas === "decimal" ? match(commaDecimal, text, at) : null);
  if (withComma) {
    return [withComma[0].replaceAll(".", "").replace(/\{?,\}?/, "."), at + withComma[0].length];
  }
  const digits = match(plainNumber, text, at)![0];
  let end = at + digits.length;
  const afterPoint = digits.includes(".") || text[end] === ".";
  const cycleAt = digits.includes(".") ? end : end + 1;
  const cycle = afterPoint ? match(repeating, text, cycleAt) : null;
  if (cycle?.[1] !== undefined || (cycle?.[2] !== undefined && cycleAt > end)) {
    const whole = digits.includes(".") ? digits : `${digits}.`;
    return [`${whole}(${cycle[1] ?? cycle[2]})`, cycleAt + cycle[0].length];
  }
  const exponent = match(scientific, text, end);
  if (exponent) {
    end += exponent[0].length;
    return [`${digits}${exponent[0].toLowerCase()}`, end];
  }
  return [digits, end];
}
