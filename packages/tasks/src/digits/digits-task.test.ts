import { createHash } from "node:crypto";
import type { Prompt, Split, Task } from "@fovea-rl/core";
import { describe, expect, it } from "vitest";
import digits from "../digits.ts";
import { digitsOptionsSchema } from "./digits-options.ts";
import { composeExample, digitsTask } from "./digits-task.ts";
import { type DigitSet, readHandwrittenDigits } from "./handwritten-digits.ts";
import { FAMILIES } from "./question.ts";

const data = readHandwrittenDigits();
const task = (options: object = {}, seed = 1): Task => digitsTask(digitsOptionsSchema.parse(options), seed, data);
const prompts = (source: Task, split: Split, count: number): Prompt[] =>
  Array.from({ length: count }, (_, index) => source.prompt(split, index) as Prompt);

function hash(given: readonly Prompt[]): string {
  const digest = createHash("sha256");
  for (const { images, ...rest } of given) {
    digest.update(JSON.stringify(rest));
    for (const { data: pixels } of images) digest.update(pixels);
  }
  return digest.digest("hex").slice(0, 16);
}

describe("the digits task", () => {
  it("is a plug-in whose defaults ask every family about pairs", async () => {
    expect(digits).toMatchObject({ kind: "task", name: "digits" });
    const validated = await digits.optionsSchema["~standard"].validate({});
    expect(validated).toEqual({
      value: {
        level: "pair",
        families: FAMILIES.filter((family) => family !== "expression"),
        imageSize: 40,
        digitScale: 1,
        horizontalShift: 2,
        verticalShift: 4,
        minimumContrast: 0.5,
        heldOutSize: 1000,
      },
    });
    const created = await digits.create((validated as { value: never }).value, { seed: 1 });
    expect(hash([(await created.prompt("train", 7)) as Prompt])).toBe(hash([task().prompt("train", 7) as Prompt]));
  });

  it("gives the prompts that published results were measured on", () => {
    expect(hash(prompts(task(), "held-out", 1000))).toBe("dce751fa5426b8ff");
    expect(hash(prompts(task({ level: "quad" }), "held-out", 1000))).toBe("2e8f0c0cc0180ddb");
    expect(hash(prompts(task(), "train", 100))).toBe("49763aca33131d34");
  });

  it("gives the same prompt at a place whatever was asked before, and other prompts to another seed", () => {
    const forth = prompts(task(), "train", 20);
    const again = task();
    for (const index of [19, 3, 7]) expect(again.prompt("train", index)).toEqual(forth[index]);
    const other = prompts(task({}, 2), "train", 20);
    expect(other.some((prompt, index) => hash([{ ...prompt, id: "" }]) === hash([{ ...forth[index]!, id: "" }]))).toBe(
      false,
    );
  });

  it("holds out the same prompts for every seed and number of them", () => {
    expect(hash(prompts(task({}, 1), "held-out", 50))).toBe(
      hash(prompts(task({ heldOutSize: 50 }, 99), "held-out", 50)),
    );
  });

  it("has ids that tell prompts apart across splits, levels and seeds", () => {
    const all = [task(), task({}, 2), task({ level: "quad" })].flatMap((source) => prompts(source, "train", 30));
    all.push(...prompts(task(), "held-out", 30), ...prompts(task({ level: "quad" }), "held-out", 30));
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });

  it("shows training digits in training and test digits when held out, never the other way", () => {
    const untouchable: DigitSet = {
      size: 100,
      pixels: () => expect.unreachable(),
      label: () => expect.unreachable(),
    };
    const options = digitsOptionsSchema.parse({});
    prompts(digitsTask(options, 1, { ...data, test: untouchable }), "train", 20);
    prompts(digitsTask(options, 1, { ...data, train: untouchable }), "held-out", 20);
  });

  it("asks each of its families about as often as the others, and no other", () => {
    const counts = new Map<string, number>();
    for (const { family } of prompts(
      task({ level: "quad", families: ["sum", "place", "expression"] }),
      "held-out",
      600,
    )) {
      counts.set(family!, (counts.get(family!) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["expression", "place", "sum"]);
    // 200 each is expected; the standard deviation is 11.5.
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(50);
  });

  it("varies digits within the options' limits and uses all of their range", () => {
    const options = digitsOptionsSchema.parse({ horizontalShift: 1, verticalShift: 3, minimumContrast: 0.25 });
    const placed = Array.from({ length: 300 }, (_, index) => {
      return composeExample(options, data.train, { seed: 1, purpose: "test", index }).scene;
    }).flat();
    expect(new Set(placed.map(({ offsetX }) => offsetX))).toEqual(new Set([-1, 0, 1]));
    expect(new Set(placed.map(({ offsetY }) => offsetY))).toEqual(new Set([-3, -2, -1, 0, 1, 2, 3]));
    const contrasts = placed.map(({ contrast }) => contrast);
    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(0.25);
    expect(Math.min(...contrasts)).toBeLessThan(0.27);
    expect(Math.max(...contrasts)).toBeLessThanOrEqual(1);
  });

  it("shows three or four digits at level quad, and only digits of a pool where one is given", () => {
    const options = digitsOptionsSchema.parse({ level: "quad" });
    const pool = [5, 17, 23];
    const scenes = Array.from({ length: 60 }, (_, index) => {
      return composeExample(options, data.train, { seed: 1, purpose: "test", index }, pool).scene;
    });
    expect(new Set(scenes.map(({ length }) => length))).toEqual(new Set([3, 4]));
    expect(new Set(scenes.flat().map(({ index }) => index))).toEqual(new Set(pool));
  });

  it("says how to answer only if told to", () => {
    const text = (source: Task): unknown => (source.prompt("train", 0) as Prompt).messages[0]!.content[1];
    expect(text(task({ families: ["sum"] }))).toEqual({ type: "text", text: "What is the sum?" });
    expect(text(task({ families: ["sum"], instruction: "Think first." }))).toMatchObject({
      text: "What is the sum?\n\nThink first.",
    });
  });

  it("has a fingerprint of its data and of what it makes of them", async () => {
    const prints = await Promise.all(
      [task(), task({}, 2), task({ imageSize: 48 })].map((source) => source.fingerprint()),
    );
    expect(prints[0]).toBe(prints[1]);
    expect(prints[0]).not.toBe(prints[2]);
  });

  it("refuses places it does not have", () => {
    expect(task().size("train")).toBe(Number.POSITIVE_INFINITY);
    expect(() => task({ heldOutSize: 5 }).prompt("held-out", 5)).toThrow(/no held-out prompt 5; its size is 5/);
    expect(() => task().prompt("train", -1)).toThrow(/no train prompt -1/);
    expect(() => task().prompt("train", 0.5)).toThrow(/no train prompt 0\.5/);
  });

  it.each([
    [{ families: ["expression"] }, /expression.* is not asked at level/],
    [{ families: ["sum", "sum"] }, /a family stands twice/],
    [{ families: [] }, /families/],
    [{ minimumContrast: 0 }, /minimumContrast/],
    [{ imagesize: 40 }, /imagesize/],
  ])("refuses options that mean nothing (%#)", (options, message) => {
    expect(() => digitsOptionsSchema.parse(options)).toThrow(message);
  });
});
