import type { Prompt, Rollout } from "@fovea-rl/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import definition, { type BoxedAnswerOptions } from "./boxed-answer.ts";

const prompt = (referenceAnswer: string): Prompt => ({ id: "p", messages: [], images: [], referenceAnswer });
const rollout = (text: string): Rollout => ({
  promptId: "p",
  sampleIndex: 0,
  tokens: new Int32Array(),
  behaviourLogprobs: new Float32Array(),
  text,
  finishReason: "stop",
});

async function grade(text: string, reference: string, options: Partial<BoxedAnswerOptions> = {}) {
  const parsed = await definition.optionsSchema["~standard"].validate(options);
  if (parsed.issues) throw new Error(parsed.issues[0]?.message);
  const verifier = await definition.create(parsed.value, { seed: 1 });
  return verifier.verify(prompt(reference), rollout(text));
}
const accuracy = async (...args: Parameters<typeof grade>) => (await grade(...args)).components["accuracy"];

describe("the boxed-answer verifier", () => {
  it("reads the last box and says why", async () => {
    expect(await grade("<think>3+4</think>\\boxed{6}, no: \\boxed{7}", "7")).toEqual({
      reward: 1,
      components: { accuracy: 1 },
      extracted: "7",
      reason: "the box is 7",
    });
    expect(await accuracy("\\boxed{7} or rather \\boxed{8}", "7")).toBe(0);
  });

  it.each([
    ["7.0", "7"],
    ["1,000", "1000"],
    ["1/2", "0.5"],
    ["+3", "3"],
    ["−3", "-3"],
    [" 12 ", "12"],
  ])("takes %j for %j by value", async (answer, reference) => {
    expect(await accuracy(`\\boxed{${answer}}`, reference)).toBe(1);
  });

  it("compares characters when asked to", async () => {
    expect(await accuracy("\\boxed{7.0}", "7", { comparison: "exact" })).toBe(0);
    expect(await accuracy("\\boxed{ 7 }", "7", { comparison: "exact" })).toBe(1);
  });

  it("allows a difference only up to the tolerance", async () => {
    expect(await accuracy("\\boxed{3.14}", "3.1416")).toBe(0);
    expect(await accuracy("\\boxed{3.14}", "3.1416", { tolerance: 0.01 })).toBe(1);
  });

  it.each([
    ["no box", "The answer is 7"],
    ["an empty box", "\\boxed{}"],
    ["a box that never closes", "\\boxed{7"],
    ["a box in a box", "\\boxed{\\boxed{7}}"],
    ["many answers in a box", "\\boxed{6, 7, 8}"],
    ["an answer only in the thinking", "<think>\\boxed{7}</think> I do not know."],
    ["thinking that never ends", "<think>\\boxed{7}"],
    ["thinking reopened behind the answer", "<think>a</think>\\boxed{7}<think>"],
  ])("gives nothing for %s", async (_name, text) => {
    expect(await accuracy(text, "7")).toBe(0);
  });

  it("looks into the thinking when told to", async () => {
    expect(await accuracy("<think>\\boxed{7}</think>", "7", { thinking: "included" })).toBe(1);
  });

  it("refuses unknown options", async () => {
    const parsed = await definition.optionsSchema["~standard"].validate({ tolerence: 1 });
    expect(parsed.issues?.[0]?.message).toContain("tolerence");
  });

  it("gives every text a verdict", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.string(), async (text, reference) => {
        expect([0, 1]).toContain(await accuracy(`\\boxed{${text}`, reference));
      }),
    );
  });
});
