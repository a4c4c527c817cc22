import { type AnswerReading, readAnswer } from "../notation/parse-answer.ts";
import { compare } from "./compare.ts";
import type { EquivalenceSettings, Rule } from "./settings.ts";
import { sameText } from "./text.ts";
import { sameTime } from "./time-of-day.ts";

/** The rule by which two answers, as written, are the same; undefined when they are not. */
export function equivalent(reference: string, response: string, settings: EquivalenceSettings): Rule {
  return sameReading(readAnswer(reference), readAnswer(response), settings);
}

export function sameReading(expected: AnswerReading, given: AnswerReading, settings: EquivalenceSettings): Rule {
  if (given.text === "" || expected.text === "") return undefined;
  if (sameText(expected.text, given.text)) return "same text";
  const time = sameTime(expected.text, given.text);
  if (time !== undefined) return time ? "same time of day" : undefined;
  for (const reference of expected.expressions) {
    for (const response of given.expressions) {
      const rule = compare(reference, response, settings);
      if (rule) return rule;
    }
  }
  return undefined;
}
