import type { RandomGenerator } from "@fovea-rl/core";
import type { Level, Scene } from "./scene.ts";

/** Kinds of questions. `expression` has two steps and is asked at level `quad` only. */
export const FAMILIES = ["sum", "product", "difference", "even", "largest", "place", "expression"] as const;

export type Family = (typeof FAMILIES)[number];

export interface Question {
  readonly family: Family;
  readonly text: string;
  readonly answer: number;
}

export function familiesOf(level: Level): readonly Family[] {
  return level === "pair" ? FAMILIES.filter((family) => family !== "expression") : FAMILIES;
}

/** Two steps over three digits, named by their places. */
function drawExpression(scene: Scene, random: RandomGenerator): Question {
  const order = random.permutation(scene.length);
  const [a, b, c] = [scene[order[0]!]!, scene[order[1]!]!, scene[order[2]!]!];
  const forms = [
    [`(${a.place} + ${b.place}) * ${c.place}`, (a.value + b.value) * c.value],
    [`${a.place} * ${b.place} + ${c.place}`, a.value * b.value + c.value],
    [`${a.place} * ${b.place} - ${c.place}`, a.value * b.value - c.value],
  ] as const;
  const [text, answer] = forms[random.integer(forms.length)]!;
  return { family: "expression", text: `What is ${text}?`, answer };
}

/** Asks one question about a scene: a family drawn uniformly, then the family's own draws. */
export function drawQuestion(scene: Scene, families: readonly Family[], random: RandomGenerator): Question {
  const family = families[random.integer(families.length)]!;
  const values = scene.map(({ value }) => value);
  const largest = Math.max(...values);
  switch (family) {
    case "sum":
      return { family, text: "What is the sum?", answer: values.reduce((sum, value) => sum + value, 0) };
    case "product":
      return { family, text: "What is the product?", answer: values.reduce((product, value) => product * value, 1) };
    case "difference":
      // Of two digits "the difference" says it all; of more it does not.
      return {
        family,
        text: scene.length === 2 ? "What is the difference?" : "What is the largest minus the smallest?",
        answer: largest - Math.min(...values),
      };
    case "even":
      return { family, text: "How many are even?", answer: values.filter((value) => value % 2 === 0).length };
    case "largest":
      return { family, text: "What is the largest?", answer: largest };
    case "place": {
      const { place, value } = scene[random.integer(scene.length)]!;
      return { family, text: `Which digit is ${place}?`, answer: value };
    }
    case "expression":
      return drawExpression(scene, random);
  }
}

/**
 * A right response in the format the task's verifiers look for: the digits in reading order as the thinking, then the answer.
 * What a base policy is taught to imitate.
 */
export function demonstration(scene: Scene, question: Question): string {
  return `<think>${scene.map(({ value }) => value).join(",")}</think>\\boxed{${question.answer}}`;
}
