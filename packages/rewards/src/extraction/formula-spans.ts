/** A stretch of mathematics between dollars, \( \) or \[ \]. */
export interface FormulaSpan {
  readonly start: number;
  readonly end: number;
  readonly content: string;
}

const closings: Readonly<Record<string, string>> = { $$: "$$", $: "$", "\\(": "\\)", "\\[": "\\]" };

/** The formulas of a text, in order. A formula between single dollars stays on its line: dollars also mean money. */
export function formulaSpans(text: string): readonly FormulaSpan[] {
  const spans: FormulaSpan[] = [];
  /** Delimiters that do not close any more: looked for only once. */
  const exhausted = new Set<string>();
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character !== "$" && character !== "\\") continue;
    const pair = text.slice(at, at + 2);
    const opening = closings[pair] ? pair : character === "$" ? "$" : undefined;
    if (opening === undefined) {
      at++;
      continue;
    }
    if (exhausted.has(opening)) continue;
    const from = at + opening.length;
    const close = closingAt(text, from, closings[opening]!);
    if (close === -1) {
      exhausted.add(opening);
      continue;
    }
    const content = text.slice(from, close);
    if (opening === "$" && content.includes("\n")) continue;
    spans.push({ start: at, end: close + closings[opening]!.length, content });
    at = close + closings[opening]!.length - 1;
  }
  return spans;
}

function closingAt(text: string, from: number, closing: string): number {
  let close = text.indexOf(closing, from);
  while (closing.startsWith("$") && close > from && text[close - 1] === "\\") close = text.indexOf(closing, close + 1);
  return close;
}

const connector = /^(?:\s|,|;|&|\.?\s*and\b|\bor\b|\\text\s?\{\s*(?:and|or)\s*\}){0,12}$/;

/** The last formula, together with those before it that only commas, "and" or "or" part from it. */
export function lastFormula(text: string): { readonly content: string; readonly end: number } | undefined {
  const spans = formulaSpans(text).filter(({ content }) => content.trim() !== "");
  const isVariable = ({ content }: FormulaSpan): boolean => /^\s*[a-zA-Z]\s*$/.test(content);
  let last = spans.length - 1;
  while (last > 0 && isVariable(spans[last]!) && !isVariable(spans[last - 1]!)) last--;
  const end = spans[last];
  if (end === undefined) return undefined;
  let first = last;
  while (first > 0) {
    const gap = text.slice(spans[first - 1]!.end, spans[first]!.start);
    if (gap.length > 40 || !connector.test(gap)) break;
    first--;
  }
  const joined = spans.slice(first, last + 1).map(({ content }) => content);
  const content = joined.length === 1 ? end.content : text.slice(spans[first]!.start, end.end);
  return { content, end: end.end };
}
