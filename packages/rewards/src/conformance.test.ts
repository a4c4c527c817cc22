import type { Prompt } from "@fovea-rl/core";
import { describeVerifier } from "@fovea-rl/testkit";
import boxedAnswer from "./boxed-answer.ts";
import format from "./format.ts";
import math from "./math.ts";

const prompt = (referenceAnswer: string): Prompt => ({ id: "p", messages: [], images: [], referenceAnswer });

describeVerifier(boxedAnswer, {
  prompts: [prompt("7"), prompt("1/2"), prompt("B")],
  rightAnswers: [
    [0, "<think>3 + 4</think> \\boxed{7}"],
    [1, "<think></think>\\boxed{0.5}"],
    [2, "<think></think>\\boxed{B}"],
  ],
});

describeVerifier(format, { prompts: [prompt("7")], rightAnswers: [[0, "<think>3 + 4</think> \\boxed{7}"]] });

describeVerifier(math, {
  prompts: [prompt("7"), prompt("$\\frac{1}{2}$"), { ...prompt("B"), options: ["10", "12"] }],
  rightAnswers: [
    [0, "The answer is 7."],
    [1, "\\boxed{0.5}"],
    [2, "<think></think>\\boxed{(B)}"],
  ],
});
