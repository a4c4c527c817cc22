import { describe, expect, it } from "vitest";
import definition, { formatVerifier } from "./format.ts";

const prompt = { id: "p", messages: [], images: [], referenceAnswer: "7" };
const rollout = (text: string) => ({
  promptId: "p",
  sampleIndex: 0,
  tokens: new Int32Array(),
  behaviourLogprobs: new Float32Array(),
  text,
  finishReason: "stop" as const,
});
const verdict = async (
  text: string,
  options: { thinkingOpenedByTemplate?: boolean; answer?: "boxed" | "any" } = {},
) => {
  const parsed = await definition.optionsSchema["~standard"].validate(options);
  if (parsed.issues) throw new Error(parsed.issues[0]?.message);
  return formatVerifier(parsed.value).verify(prompt, rollout(text));
};

describe("the format verifier", () => {
  it("rewards thinking followed by a box, right or wrong", async () => {
    expect(await verdict("<think>3+4=7</think>\\boxed{9}")).toEqual({
      reward: 1,
      components: { format: 1 },
      reason: "well formed",
    });
  });

  it.each([
    ["\\boxed{7}", "does not start with <think>"],
    ["<think>7", "no </think>"],
    ["<think> </think>\\boxed{7}", "the thinking is empty"],
    ["<think>a<think>b</think>\\boxed{7}", "a second <think>"],
    ["<think>a</think></think>\\boxed{7}", "a second </think>"],
    ["<think>\\boxed{7}</think>", "nothing behind </think>"],
    ["<think>\\boxed{7}</think>It is 7.", "no box behind </think>"],
    ["<think>a</think>\\boxed{ }", "a box that is empty, open or nested"],
    ["<think>a</think>\\boxed{7", "a box that is empty, open or nested"],
  ])("refuses %j: %s", async (text, reason) => {
    expect(await verdict(text)).toMatchObject({ reward: 0, components: { format: 0 }, reason });
  });

  it("starts inside the thinking where the template opened it", async () => {
    expect(await verdict("3+4=7</think>\\boxed{7}", { thinkingOpenedByTemplate: true })).toMatchObject({ reward: 1 });
  });

  it("takes any answer when no box is asked for", async () => {
    expect(await verdict("<think>a</think>It is 7.", { answer: "any" })).toMatchObject({ reward: 1 });
  });
});
