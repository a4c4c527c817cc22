import type { Expression } from "../expression/expression.ts";
import { spellCharacters } from "./characters.ts";
import { Cursor, ParseFailure } from "./cursor.ts";
import { parseFormula } from "./parse-formula.ts";
import { type CommaReading, type Token, tokenise } from "./tokens.ts";

/** An answer read: as words, for comparing text, and as every expression that it can mean. */
export interface AnswerReading {
  readonly text: string;
  /** Never empty; text that is no formula reads as `text`. */
  readonly expressions: readonly Expression[];
}

/** Longer answers are compared as text only. */
const maximumFormulaLength = 1500;
const maximumItems = 64;

export function readAnswer(written: string): AnswerReading {
  const text = withoutPunctuation(spellCharacters(written));
  if (text.length > maximumFormulaLength) return { text, expressions: [{ kind: "text", text }] };
  const readings = commaReadings(text).flatMap((commas) => {
    const tokens = tokenise(text, commas);
    return tokens === undefined ? [] : [tokens];
  });
  const [first] = readings;
  if (first === undefined) return { text, expressions: [{ kind: "text", text }] };
  return { text: canonicalText(first), expressions: readings.map((tokens) => parseItems(withoutLayout(tokens))) };
}

/** Commas stay separators where nothing else is possible: `32, 349` are two numbers, `1,22` can be a decimal. */
function commaReadings(text: string): readonly CommaReading[] {
  const readings: CommaReading[] = ["separator"];
  if (!/\d,\d/.test(text)) return readings;
  if (/\d,\d{3}(?!\d)/.test(text)) readings.push("grouping");
  // In a formula 2,3 is a list; 0,5 and 1,25 can hardly be. In plain text a comma within a number is a decimal one.
  const decimalComma = /^[^,]*?(\d+),(\d+)[^,\d]*$/.exec(text);
  const isLikely = !text.includes("$") || decimalComma?.[1] === "0" || (decimalComma?.[2]?.length ?? 0) > 1;
  if (decimalComma && isLikely && !/[([{]/.test(text.replace(/\\[([{]/g, ""))) readings.push("decimal");
  return readings;
}

/** Words before a number that change nothing: "about 5", "USD 12". */
const lead = /^(?:about|approximately|approx\.?|exactly|roughly|around|USD|EUR|Rs\.?)\s{1,4}(?=[\d$.\\-])/i;

/** Emphasis, quotes and punctuation around an answer are not part of it. */
function withoutPunctuation(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && /[\s*"`:]/.test(text[start]!)) start++;
  while (end > start && /[\s*"`.,;:]/.test(text[end - 1]!) && text[end - 2] !== "\\") end--;
  const slice = text.slice(start, end).replace(lead, "");
  return slice.endsWith("\\") && !slice.endsWith("\\\\") ? slice.slice(0, -1) : slice;
}

/** Text in a form that spacing, case and fonts do not change. */
function canonicalText(tokens: readonly Token[]): string {
  const words = tokens.map(({ type, text }) => (type === "word" && text.length > 1 ? text.toLowerCase() : text));
  return words.filter((text) => !["a", "an", "the", "quad", '"'].includes(text)).join(" ");
}

const layout = new Set([
  "align",
  "aligned",
  "alignat",
  "cases",
  "gather",
  "gathered",
  "equation",
  "split",
  "dcases",
  "rcases",
  "center",
]);

/** Without environments that only lay their lines out: their lines are items. */
function withoutLayout(tokens: readonly Token[]): Token[] {
  const isLayout = ({ type, text }: Token): boolean => (type === "begin" || type === "end") && layout.has(text);
  if (!tokens.some(isLayout)) return [...tokens];
  const hasMatrix = tokens.some((token) => token.type === "begin" && !isLayout(token));
  return tokens.filter((token) => !isLayout(token) && (hasMatrix || token.text !== "&"));
}

/** Separators from the loosest to the tightest. */
const separators: readonly (readonly string[])[] = [[";", "\\\\"], ["or"], [",", "and", "quad"]];

function parseItems(tokens: readonly Token[], level = 0): Expression {
  const marks = separators[level];
  if (marks === undefined) return parseSegment(tokens);
  const { segments, used } = split(tokens, marks);
  if (segments.length === 0) return { kind: "text", text: "" };
  if (segments.length > maximumItems) return { kind: "text", text: canonicalText(tokens) };
  const items = segments.map((segment) => parseItems(segment, level + 1));
  const [first] = items;
  if (items.length === 1 && first) return first;
  const joint = used.has("or") ? "or" : used.has("and") ? "and" : "comma";
  // "p=5, q=2; p=7, q=2" are two pairs; "21, 16 or 11" are three numbers.
  const lengths = new Set(items.map((item) => (item.kind === "list" ? item.items.length : 1)));
  const isGrouped = lengths.size === 1 && !lengths.has(1);
  if (isGrouped) {
    const groups = items.map(
      (item): Expression =>
        item.kind === "list" ? { kind: "bracket", open: "(", close: ")", items: item.items } : item,
    );
    return { kind: "list", items: groups, joint };
  }
  return { kind: "list", items: items.flatMap((item) => (item.kind === "list" ? item.items : [item])), joint };
}

function split(tokens: readonly Token[], marks: readonly string[]): { segments: Token[][]; used: Set<string> } {
  const segments: Token[][] = [[]];
  const used = new Set<string>();
  let depth = 0;
  let isFrench = false;
  for (const token of tokens) {
    const { type, text } = token;
    if (type === "begin") depth++;
    else if (type === "end") depth--;
    else if (type === "mark") {
      if (text === "]" && depth === 0) [depth, isFrench] = [1, true];
      else if (isFrench && depth === 1 && text === "[") [depth, isFrench] = [0, false];
      else if (text === "(" || text === "[" || text === "{" || text === "{set") depth++;
      else if (text === ")" || text === "]" || text === "}" || text === "}set") depth = Math.max(0, depth - 1);
      if (depth === 0 && marks.includes(text)) {
        used.add(text);
        segments.push([]);
        continue;
      }
    }
    segments.at(-1)!.push(token);
  }
  return { segments: segments.filter((segment) => segment.length > 0), used };
}

function parseSegment(tokens: readonly Token[]): Expression {
  try {
    return parseFormula(new Cursor(tokens));
  } catch (error) {
    if (!(error instanceof ParseFailure)) throw error;
    return { kind: "text", text: canonicalText(tokens) };
  }
}
