import { readAnswer } from "../notation/parse-answer.ts";
import { boxedAnswer } from "./boxed.ts";
import { findBoxes } from "./boxes.ts";
import { extractAnswer, isAnswerByItself } from "./extract-answer.ts";
import { formulaSpans, lastFormula } from "./formula-spans.ts";

/**
 * The answer in a reference, which is usually nothing else, but in some datasets a worked solution. References are trusted:
 * a box that was cut off or wrapped in another one still counts.
 */
export function extractReference(reference: string): string {
  const text = reference.trim();
  const boxed = boxedAnswer(text, "joined");
  if (boxed && "answer" in boxed) return boxed.answer;
  if (boxed) return innermost(text);
  if (isAnswerByItself(text)) return text;
  const spans = formulaSpans(text);
  if (spans.length === 0) return text;
  const outside = text.length - spans.reduce((total, { start, end }) => total + end - start, 0);
  if (outside <= 2) return text;
  const found = extractAnswer(text, { methods: ["answer-phrase"], boxes: "joined", thinking: "included" });
  if (found.answer !== undefined) return found.answer;
  const formula = lastFormula(text)?.content;
  // A phrase with a formula in it ("at $P$, $R$ or $S$") is an answer in words; a formula of its own stands for the phrase around it.
  const isPhrase = text.length < 80 && formula !== undefined && readAnswer(formula).text.length < 3;
  return isPhrase || formula === undefined ? text : formula;
}

function innermost(text: string): string {
  let content = findBoxes(text).at(-1)?.content ?? text;
  for (let depth = 0; depth < 4; depth++) content = findBoxes(content).at(-1)?.content ?? content;
  return content;
}
