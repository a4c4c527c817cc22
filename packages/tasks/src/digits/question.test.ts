import { randomGenerator } from "@fovea-rl/core";
import { describe, expect, it } from "vitest";
import { demonstration, drawQuestion, FAMILIES, familiesOf, type Question } from "./question.ts";
import type { Place, Scene } from "./scene.ts";

function scene(digits: Partial<Record<Place, number>>): Scene {
  return Object.entries(digits).map(([place, value]) => {
    return { place: place as Place, value, index: 0, offsetX: 0, offsetY: 0, contrast: 1 };
  });
}

const pair = scene({ left: 3, right: 8 });
const quad = scene({ "top left": 7, "top right": 2, "bottom left": 0, "bottom right": 4 });

function ask(asked: Scene, family: (typeof FAMILIES)[number], seed = 0): Question {
  return drawQuestion(asked, [family], randomGenerator({ seed, purpose: "test" }));
}

describe("a question about a pair", () => {
  it.each([
    ["sum", "What is the sum?", 11],
    ["product", "What is the product?", 24],
    ["difference", "What is the difference?", 5],
    ["even", "How many are even?", 1],
    ["largest", "What is the largest?", 8],
  ] as const)("of the family %s asks and answers it", (family, text, answer) => {
    expect(ask(pair, family)).toEqual({ family, text, answer });
  });

  it("of the family place asks for either digit", () => {
    const asked = Array.from({ length: 20 }, (_, seed) => ask(pair, "place", seed));
    expect(new Set(asked.map(({ text, answer }) => `${text} ${answer}`))).toEqual(
      new Set(["Which digit is left? 3", "Which digit is right? 8"]),
    );
  });

  it("is never an expression", () => {
    expect(familiesOf("pair")).not.toContain("expression");
    expect(familiesOf("quad")).toEqual(FAMILIES);
  });
});

describe("a question about a quad", () => {
  it("counts all of its digits", () => {
    expect(ask(quad, "sum").answer).toBe(13);
    expect(ask(quad, "product").answer).toBe(0);
    expect(ask(quad, "even").answer).toBe(3);
    expect(ask(quad, "difference")).toMatchObject({ text: "What is the largest minus the smallest?", answer: 7 });
  });

  it("can be an expression over three places, answered by the rules of arithmetic", () => {
    const values = new Map<string, number>(quad.map(({ place, value }) => [place, value]));
    const forms = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const { text, answer } = ask(quad, "expression", seed);
      const expression = text.match(/^What is (.*)\?$/)![1]!;
      const places = expression.match(/(top|bottom) (left|right)/g)!;
      expect(new Set(places).size).toBe(3);
      forms.add(expression.replace(/(top|bottom) (left|right)/g, "x"));
      const [a, b, c] = places.map((place) => values.get(place)!) as [number, number, number];
      const first = expression.startsWith("(") ? a + b : a * b;
      const second = expression.startsWith("(") ? first * c : expression.includes(" - ") ? first - c : first + c;
      expect(answer).toBe(second);
    }
    expect(forms).toEqual(new Set(["(x + x) * x", "x * x + x", "x * x - x"]));
  });

  it("can be asked of three digits", () => {
    const three = scene({ "top left": 1, "bottom left": 2, "bottom right": 3 });
    for (const family of FAMILIES) expect(Number.isInteger(ask(three, family).answer)).toBe(true);
  });
});

describe("a demonstration", () => {
  it("names the digits in reading order, then boxes the answer", () => {
    expect(demonstration(quad, ask(quad, "sum"))).toBe("<think>7,2,0,4</think>\\boxed{13}");
  });
});
