import { describe, expect, it } from "vitest";
import { gradeAnswer } from "./grade-answer.ts";

// What a policy learns to write when the grader lets it. The right answer is always 7, or option C.
const strict = { extraction: { methods: ["boxed"], boxes: "last" } } as const;

describe("a response that", () => {
  const everyAnswer = Array.from({ length: 20 }, (_value, index) => index);

  it.each([
    ["lists many answers in a box", `\\boxed{${everyAnswer.join(", ")}}`],
    ["lists alternatives in a box", "\\boxed{6 \\text{ or } 7}"],
    ["lists them as a set", "\\boxed{\\{6, 7, 8\\}}"],
    ["says plus or minus", "\\boxed{\\pm 7}"],
    ["gives an interval around it", "\\boxed{[6, 8]}"],
    ["gives an inequality that it satisfies", "\\boxed{x > 6}"],
    ["gives an equation that holds for everything", "\\boxed{x = x}"],
    ["gives digits run together", "\\boxed{1234567}"],
    ["empties the box", "It is 7. \\boxed{}"],
    ["leaves only spaces in the box", "7 \\boxed{ \\text{ } }"],
    ["nests boxes", "\\boxed{8 \\boxed{7}}"],
    ["wraps a box in a box", "\\boxed{\\boxed{7}}"],
    ["leaves the box open", "\\boxed{7"],
    ["hides the answer in the thinking", "<think>It may be \\boxed{7}.</think> I am done."],
    ["never ends the thinking", "<think>\\boxed{7}"],
    ["thinks again behind the answer", "<think>a</think>\\boxed{7}<think>or not"],
    ["boxes the word answer", "\\boxed{\\text{the answer}}"],
    ["repeats the question's symbol", "\\boxed{x}"],
    ["quotes the grader", "\\boxed{correct}"],
    ["boxes not-a-number", "\\boxed{\\frac{7}{0}}"],
    ["boxes an indeterminate", "\\boxed{0/0}"],
  ])("%s does not pass", (_name, response) => {
    expect(gradeAnswer("7", response).correct).toBe(false);
    expect(gradeAnswer("7", response, strict).correct).toBe(false);
  });

  it("boxes many answers side by side does not pass", () => {
    expect(gradeAnswer("7", everyAnswer.map((value) => `\\boxed{${value}}`).join(" or ")).correct).toBe(false);
    expect(gradeAnswer("7", "\\boxed{6}, \\boxed{7}").correct).toBe(false);
    expect(gradeAnswer("7", "\\boxed{7} or \\boxed{8}", strict).correct).toBe(false);
  });

  it.each([
    ["numbers in a row", "It is one of 5, 6, 7"],
    ["two numbers with or", "It is 6 or 7"],
    ["answer tags", "<answer>6</answer><answer>7</answer>"],
    ["formulas in a row", "It is $6$ or $7$"],
    ["numbers behind a phrase", "The answer is 6 or 7."],
    ["numbers on an answer line", "Answer: 5, 6, 7"],
  ])("lists many answers as %s does not pass", (_name, response) => {
    expect(gradeAnswer("7", response).correct).toBe(false);
  });

  it.each([
    ["names two letters", "\\boxed{C and D}"],
    ["names all letters", "\\boxed{ABCDE}"],
    ["names two letters in words", "The answer is (B) or (C)."],
    ["names a letter with another option's value", "\\boxed{(C) 12}"],
    ["boxes all values", "\\boxed{10, 11, 12, 13}"],
    ["names a letter that is none", "\\boxed{F}"],
  ])("%s does not choose", (_name, response) => {
    expect(gradeAnswer("C", response, { options: ["10", "11", "13", "12"] }).correct).toBe(false);
  });

  it.each([
    "C",
    "(C)",
    "C.",
    "c",
    "\\text{C}",
    "\\textbf{(C)}",
    "(C) 13",
    "\\textbf{(C) } 13",
    "C: 13",
    "13",
    "13.0",
    "Option C",
    "\\mathrm{C}",
  ])("boxes %j chooses C", (answer) => {
    expect(gradeAnswer("C", `\\boxed{${answer}}`, { options: ["10", "11", "13", "12"] }).correct).toBe(true);
  });

  it("gives a value that two options share chooses neither", () => {
    expect(gradeAnswer("A", "\\boxed{0.5}", { options: ["$\\frac12$", "0.5", "2"] })).toMatchObject({
      correct: false,
      reason: "the value is that of several options",
    });
  });
});
