import { describe, expect, it } from "vitest";
import { combineVerdicts } from "./combine-verdicts.ts";

describe("combineVerdicts", () => {
  it("sums the rewards by weight and keeps every component", () => {
    const verdict = combineVerdicts([
      {
        name: "boxed-answer",
        weight: 0.9,
        verdict: { reward: 1, components: { accuracy: 1 }, extracted: "7", reason: "same number" },
      },
      { name: "format", weight: 0.1, verdict: { reward: 0, components: { format: 0 }, reason: "no <think>" } },
    ]);
    expect(verdict).toEqual({
      reward: 0.9,
      components: { accuracy: 1, format: 0 },
      extracted: "7",
      reason: "boxed-answer: same number; format: no <think>",
    });
  });

  it("leaves a component to the verifier that names it first", () => {
    const verdict = combineVerdicts([
      { name: "math", weight: 1, verdict: { reward: 1, components: { accuracy: 1 } } },
      { name: "judge", weight: 1, verdict: { reward: 0.5, components: { accuracy: 0.5 } } },
    ]);
    expect(verdict).toEqual({ reward: 1.5, components: { accuracy: 1, "judge/accuracy": 0.5 } });
  });
});
