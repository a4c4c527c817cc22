import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { constructions, hostileString, seeded } from "../scripts/hostile-strings.ts";
import { gradeAnswer, graderFault } from "./grade-answer.ts";

// The same strings by the million: scripts/fuzz.ts.
describe("hostile input", () => {
  it("gets a verdict, whatever its construction", () => {
    for (const size of [30, 1000, 100_000]) {
      for (const text of constructions(size)) {
        expect(gradeAnswer("123456789", text).correct).toBe(false);
        expect(gradeAnswer(text, text).reason).not.toContain(graderFault);
        expect(typeof gradeAnswer(text.slice(0, 3000), text.slice(0, 3000)).correct).toBe("boolean");
      }
    }
  });

  it("gets the same verdict twice", () => {
    const source = seeded(7);
    for (let index = 0; index < 3000; index++) {
      const text = hostileString(source, ["\\frac{1}{2}", "(-\\infty, 3] \\cup [4, 5)", "x = 3 \\pm \\sqrt{2}"]);
      const grade = gradeAnswer(text, text);
      expect(grade.reason).not.toContain(graderFault);
      expect(gradeAnswer(text, text)).toEqual(grade);
    }
  });

  it("is text like any other", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), (reference, response) => {
        expect(typeof gradeAnswer(reference, response).correct).toBe("boolean");
        expect(typeof gradeAnswer("A", response, { options: [reference, response] }).correct).toBe("boolean");
      }),
    );
  });

  it("ends by its budget of steps, not by the clock", () => {
    const tower = `\\boxed{${"(1/3)^{1000}+".repeat(100)}1}`;
    expect(gradeAnswer("2", tower)).toEqual(gradeAnswer("2", tower));
    expect(gradeAnswer("2", tower).correct).toBe(false);
  });
});
