import { readAnswer } from "../notation/parse-answer.ts";
import { boxedAnswer } from "./boxed.ts";
import { finalPart } from "./final-part.ts";
import { lastFormula } from "./formula-spans.ts";
import { lastNumber } from "./last-number.ts";
import { afterAnswerLine, afterAnswerPhrase, firstClause } from "./phrases.ts";

/** A place to look for the answer. The first of a list of them that finds one decides. */
export type ExtractionMethod =
  /** The last \boxed{} or \fbox{}. */
  | "boxed"
  /** The last <answer>...</answer>. */
  | "answer-tag"
  /** "Answer: ..." at the start of a line. */
  | "answer-line"
  /** "the answer is ..." */
  | "answer-phrase"
  /** The whole text, where it is nothing but an answer. */
  | "whole"
  /** The last formula between dollars, \( \) or \[ \]. */
  | "formula"
  /** The last number. */
  | "number";

export interface ExtractionOptions {
  readonly methods: readonly ExtractionMethod[];
  /** `joined`: boxes that stand together are parts of one answer; `last`: only the last one counts. */
  readonly boxes: "last" | "joined";
  /** `excluded`: nothing inside <think>...</think> is an answer. */
  readonly thinking: "excluded" | "included";
}

export const defaultExtraction: ExtractionOptions = {
  methods: ["boxed", "answer-tag", "answer-line", "answer-phrase", "whole", "formula", "number"],
  boxes: "joined",
  thinking: "excluded",
};

export type Extraction =
  | { readonly answer: string; readonly method: ExtractionMethod }
  | { readonly answer?: undefined /** Why nothing was taken to be the answer. */; readonly fault: string };

/** What stands before this many characters from the end of a response is not looked at. */
export const maximumResponseLength = 131_072;

/** The answer of a response. */
export function extractAnswer(response: string, { methods, boxes, thinking }: ExtractionOptions): Extraction {
  const part = thinking === "included" ? response : finalPart(response);
  if (part === undefined) return { fault: "the thinking never ended" };
  const text = part.slice(-maximumResponseLength);
  for (const method of methods) {
    if (method === "boxed") {
      const boxed = boxedAnswer(text, boxes);
      if (boxed === undefined) continue;
      return "fault" in boxed ? boxed : { answer: boxed.answer, method };
    }
    const answer = find(method, text, { methods, boxes })?.trim();
    if (answer !== undefined && answer !== "") return { answer, method };
  }
  return { fault: methods.length === 1 && methods[0] === "boxed" ? "no box" : "no answer found" };
}

function find(
  method: Exclude<ExtractionMethod, "boxed">,
  text: string,
  { methods, boxes }: Pick<ExtractionOptions, "methods" | "boxes">,
): string | undefined {
  switch (method) {
    case "answer-tag":
      return answerTags(text, boxes);
    case "answer-line":
      return ofClause(afterAnswerLine(text));
    case "answer-phrase":
      return ofClause(afterAnswerPhrase(text));
    case "whole":
      return isAnswerByItself(text) ? text : undefined;
    case "formula":
      return formulaOrLaterNumber(text, methods.includes("number"));
    case "number":
      return lastNumber(text) ?? (text.trim().length <= 80 ? text : undefined);
  }
}

/** The last formula; where a number stands by itself behind it and numbers count, that number. */
function formulaOrLaterNumber(text: string, numbersCount: boolean): string | undefined {
  const formula = lastFormula(text);
  return (formula && numbersCount ? lastNumber(text.slice(formula.end)) : undefined) ?? formula?.content;
}

const [openTag, closeTag] = ["<answer>", "</answer>"];
const mostTags = 16;

/** What the answer tags hold: the last one, or all of them as one answer, as with boxes. */
function answerTags(text: string, boxes: "last" | "joined"): string | undefined {
  const contents = new Set<string>();
  let close = text.lastIndexOf(closeTag);
  for (let count = 0; close !== -1 && count < (boxes === "last" ? 1 : mostTags); count++) {
    const open = text.lastIndexOf(openTag, close);
    if (open === -1) break;
    const content = text.slice(open + openTag.length, close);
    const boxed = boxedAnswer(content, "last");
    contents.add(boxed && "answer" in boxed ? boxed.answer : content.trim());
    close = open === 0 ? -1 : text.lastIndexOf(closeTag, open - 1);
  }
  return contents.size === 0 ? undefined : [...contents].reverse().join(" , ");
}

/** Whether a text reads as a formula from end to end, or is a word or two. */
export function isAnswerByItself(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.length > 400 || /\n\s*\n/.test(trimmed)) return false;
  if (/^\d{1,2}(?::\d{2}){0,2}\s?[ap]\.?\s?m\.?$/i.test(trimmed)) return true;
  if (/^[\p{L}\s'.-]{1,60}$/u.test(trimmed)) return trimmed.split(/\s+/).length <= 4;
  return readAnswer(trimmed).expressions.some(
    ({ kind, ...rest }) => kind !== "text" && !("items" in rest && rest.items.some((item) => item.kind === "text")),
  );
}

/** The answer in the sentence that follows "the answer is": all of it, or what stands after its last "is". */
function ofClause(following: string | undefined): string | undefined {
  if (following === undefined) return undefined;
  const clause = firstClause(following).trim();
  if (clause === "") return undefined;
  if (isAnswerByItself(clause)) return clause;
  const after = /^.*(?:\sis|\sare|\sequals|\sbe|:)\s(.*)$/s.exec(clause)?.[1];
  if (after !== undefined && isAnswerByItself(after)) return after;
  return (
    formulaOrLaterNumber(clause, true) ??
    (clause.split(/\s+/).length <= 8 && !/\d/.test(clause) ? clause : (lastNumber(clause) ?? clause))
  );
}
