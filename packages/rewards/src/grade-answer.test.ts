import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gradeAnswer } from "./grade-answer.ts";
import { presets } from "./presets.ts";

function fixture<Row>(name: string): readonly Row[] {
  const text = readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
}

const isRight = (reference: string, response: string): boolean => gradeAnswer(reference, response).correct;

describe("gradeAnswer", () => {
  it("says what it took to be the answer, and which rule decided", () => {
    expect(gradeAnswer("$\\frac{1}{2}$", "So it is $\\boxed{0.5}$.")).toEqual({
      correct: true,
      extracted: "0.5",
      method: "boxed",
      reason: "same number",
    });
    expect(gradeAnswer("7", "I cannot tell")).toMatchObject({ correct: false });
  });

  it("survives plus-minus signs where none belongs", () => {
    expect(isRight("$\\{1\\pm\\sqrt{5},\\$}-2", "12")).toBe(false);
    expect(isRight("\\begin{pmatrix} 1 \\pm 2 \\end{pmatrix}", "\\begin{pmatrix} 1 \\pm 2 \\end{pmatrix}")).toBe(true);
  });

  it.each(fixture<{ reference: string; response: string; expected: boolean }>("answer-pairs.jsonl"))(
    "$reference and $response: $expected",
    ({ reference, response, expected }) => {
      expect(isRight(reference, response)).toBe(expected);
    },
  );
});

describe("Math-Verify's own cases", () => {
  interface Case {
    readonly gold: string;
    readonly pred: string;
    readonly expected?: number;
    readonly result?: number;
  }
  const cases = fixture<Case>("math-verify-cases.jsonl");
  const disagreements = (equivalence: object): readonly (readonly [number, boolean])[] =>
    cases.flatMap(({ gold, pred, expected, result }, index) => {
      const { correct } = gradeAnswer(gold, pred, { equivalence });
      return correct === ((expected ?? result) === 1) ? [] : [[index, correct] as const];
    });

  it("are judged alike but for two", () => {
    // 38: -2 <= x <= 7 answers [-2, 7]; Math-Verify refuses it unless told otherwise.
    // 104: the case says that 1 + 1/e answers 1 - 1/e.
    expect(disagreements({})).toEqual([
      [38, true],
      [104, false],
    ]);
  });

  it("are judged alike but for the mistaken one under its own rules", () => {
    expect(disagreements(presets["math-verify"].equivalence)).toEqual([[104, false]]);
  });
});

describe("MATH-Vision responses", () => {
  interface Response {
    readonly id: string;
    readonly answer: string;
    readonly options: readonly string[];
    readonly response: string;
    readonly official: boolean;
  }
  const responses = fixture<Response>("mathvision-responses.jsonl");
  const freeForm = responses.filter(({ options }) => options.length === 0);
  const multipleChoice = responses.filter(({ options }) => options.length > 0);
  const disagreements = (rows: readonly Response[], equivalence: object = {}): readonly string[] =>
    rows
      .filter(
        ({ answer, options, response, official }) =>
          gradeAnswer(answer, response, { options, equivalence }).correct !== official,
      )
      .map(({ id, official }) => `${id} ${official ? "too strict" : "too kind"}`);

  it("are judged as by the benchmark, free-form", () => {
    // 1/55 is not 1/60.
    expect(disagreements(freeForm)).toEqual(["2827 too strict"]);
  });

  it("are judged as by the benchmark, multiple choice, when a letter with a value counts for nothing", () => {
    expect(multipleChoice).toHaveLength(509);
    expect(disagreements(multipleChoice, presets.mathvision.equivalence)).toEqual([
      "2511 too kind",
      "2229 too kind",
      "1801 too kind",
      "1583 too kind",
      "1664 too strict",
      "319 too kind",
    ]);
  });

  it("also counts a right letter with its value", () => {
    const more = disagreements(multipleChoice).filter((line) => line.endsWith("too kind"));
    expect(more).toHaveLength(12);
    for (const id of ["1446", "1520", "1183", "238", "2419", "1201", "274"]) expect(more).toContain(`${id} too kind`);
  });
});
