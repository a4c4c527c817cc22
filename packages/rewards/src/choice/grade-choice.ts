import { sameReading } from "../equivalence/equivalent.ts";
import type { EquivalenceSettings } from "../equivalence/settings.ts";
import { type AnswerReading, readAnswer } from "../notation/parse-answer.ts";
import { namedOptions } from "./letters.ts";

/** Whether an answer chooses the right option, by its letter or by its value, and no other. */
export function gradeChoice(
  reference: string,
  options: readonly string[],
  answer: string,
  settings: EquivalenceSettings,
): { readonly correct: boolean; readonly reason: string } {
  const chosen: EquivalenceSettings = { ...settings, lists: "ordered" };
  const values = options.map(optionValue);
  const right = rightOption(reference, options, values, chosen);
  if (right === undefined) return { correct: false, reason: "the reference is none of the options" };
  const { letters, rest } = namedOptions(answer);
  if (letters.size > 1) return { correct: false, reason: `names ${letters.size} options` };
  const [letter] = letters;
  const index = letter === undefined ? -1 : letter.toUpperCase().charCodeAt(0) - 65;
  const isValue =
    letter !== undefined && letter === letter.toLowerCase() && values.some((value) => value?.text === letter);
  if (letter !== undefined && !isValue) {
    if (rest !== "" && settings.letterWithValue === "refused")
      return { correct: false, reason: "a letter together with a value" };
    if (index >= options.length) return { correct: false, reason: `there is no option ${letter}` };
    const others = rest === "" ? [] : matching(rest, values, chosen);
    if (others.length === 1 && others[0] !== index)
      return { correct: false, reason: "the letter and the value disagree" };
    return { correct: index === right, reason: `option ${letter.toUpperCase()} by its letter` };
  }
  const matches = matching(answer, values, chosen);
  if (matches.length > 1) return { correct: false, reason: "the value is that of several options" };
  if (matches.length === 0) return { correct: false, reason: "none of the options" };
  return { correct: matches[0] === right, reason: `option ${letterOf(matches[0]!)} by its value` };
}

const letterOf = (index: number): string => String.fromCharCode(65 + index);

/** An option's content, without a letter before it; undefined where the option is only its letter (a picture). */
function optionValue(option: string, index: number): AnswerReading | undefined {
  const letter = letterOf(index);
  const bare = option.replace(/[()\s.:$]|\\text(?:bf)?|[{}]/g, "");
  if (bare === letter) return undefined;
  const { letters, rest } = namedOptions(option);
  return readAnswer(letters.size === 1 && letters.has(letter) && rest !== "" ? rest : option);
}

function matching(
  answer: string,
  values: readonly (AnswerReading | undefined)[],
  settings: EquivalenceSettings,
): readonly number[] {
  const given = readAnswer(answer);
  return [...values.keys()].filter((index) => values[index] && sameReading(values[index], given, settings));
}

function rightOption(
  reference: string,
  options: readonly string[],
  values: readonly (AnswerReading | undefined)[],
  settings: EquivalenceSettings,
): number | undefined {
  const { letters, rest } = namedOptions(reference);
  const [letter] = letters;
  if (letters.size === 1 && letter !== undefined && rest === "") {
    const index = letter.toUpperCase().charCodeAt(0) - 65;
    if (index < options.length) return index;
  }
  const matches = matching(reference, values, settings);
  return matches.length === 1 ? matches[0] : undefined;
}
