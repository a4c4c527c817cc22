import { describe, expect, it } from "vitest";
import { defaultExtraction, extractAnswer } from "./extract-answer.ts";
import { extractReference } from "./extract-reference.ts";

const strict = { ...defaultExtraction, methods: ["boxed"], boxes: "last" } as const;

describe("extractAnswer", () => {
  it.each([
    ["a \\boxed{1}. But b \\boxed{\\frac{1}{2}} c", "\\frac{1}{2}", "boxed"],
    ["\\boxed{\\text{a} \\left\\{ 1 \\right\\}}", "\\text{a} \\left\\{ 1 \\right\\}", "boxed"],
    ["so \\fbox{3}", "3", "boxed"],
    ["so $\\boxed 5$", "5", "boxed"],
    ["\\boxed{1} and \\boxed{2}", "1 , 2", "boxed"],
    ["\\boxed{1}. Wait.\n\nNo, \\boxed{2}", "2", "boxed"],
    ["<answer> 12 </answer>", "12", "answer-tag"],
    ["<answer>It is \\boxed{12}</answer> \\text{}", "12", "boxed"],
    ["Because of that:\n**Answer:** 42\nThanks.", "42", "answer-line"],
    ["Hence the final answer is $\\frac{3}{4}$. I hope it is correct.", "$\\frac{3}{4}$", "answer-phrase"],
    ["The answer is:\n\\[\n x = 9\n\\]\nas wanted.", "\\[\n x = 9\n\\]", "answer-phrase"],
    ["The answer is the volume, which is 120.", "120", "answer-phrase"],
    ["x = 3", "x = 3", "whole"],
    ["We see that $a = 1$ and so $b = 2$.", "b = 2", "formula"],
    ["There are 3 red ones and 4 blue ones, so 12 in all", "12", "number"],
    ["costs 1,234.50 dollars in total, they say", "1,234.50", "number"],
  ])("reads %j as %j (%s)", (text, answer, method) => {
    expect(extractAnswer(text, defaultExtraction)).toEqual({ answer, method });
  });

  it.each([
    ["The answer is 7.", "no box"],
    ["\\boxed{}", "the box is empty"],
    ["\\boxed{1 \\boxed{2}}", "the box holds another box"],
    ["\\boxed{1} and \\boxed{2", "the last box never closes"],
    ["<think>\\boxed{7}</think>", "no box"],
    ["<think>\\boxed{7}", "the thinking never ended"],
  ])("finds nothing in %j in strict mode: %s", (text, fault) => {
    expect(extractAnswer(text, strict)).toEqual({ fault });
  });

  it("looks in the order it is told", () => {
    const text = "<answer>1</answer> The answer is 2.";
    expect(extractAnswer(text, { ...defaultExtraction, methods: ["answer-phrase", "answer-tag"] })).toMatchObject({
      answer: "2",
    });
    expect(extractAnswer(text, { ...defaultExtraction, methods: ["answer-tag", "answer-phrase"] })).toMatchObject({
      answer: "1",
    });
  });
});

describe("extractReference", () => {
  it.each([
    ["42", "42"],
    ["$21,16$ or $11$", "$21,16$ or $11$"],
    ["So we get $x = 2$, and thus \\[ \\boxed{3} \\]", "3"],
    ["\\boxed{\\boxed{3}}", "3"],
    ["the vertices $P$ and $Q$", "$P$ and $Q$"],
    ["none of these", "none of these"],
  ])("takes %j to mean %j", (text, answer) => {
    expect(extractReference(text)).toBe(answer);
  });
});
