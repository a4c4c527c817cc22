import { describe, expect, it } from "vitest";
import type { Credit, GradedRollout, RolloutGroup } from "./rollout.ts";
import { validateCredit } from "./validate-credit.ts";

function rollout(sampleIndex: number, tokens: number): GradedRollout {
  return {
    promptId: "p",
    sampleIndex,
    tokens: new Int32Array(tokens),
    behaviourLogprobs: new Float32Array(tokens),
    text: "",
    finishReason: "stop",
    verdict: { reward: 0, components: {} },
  };
}

const group: RolloutGroup = {
  prompt: { id: "p", messages: [], images: [], referenceAnswer: "" },
  rollouts: [rollout(0, 2), rollout(1, 3)],
};
const good: readonly Credit[] = [2, 3].map((tokens) => ({
  advantages: new Float32Array(tokens),
  columns: { weights: new Float32Array(tokens) },
}));

function validate(credit: unknown, metrics: Record<string, number> = {}): void {
  const output = { credit: credit as (readonly Credit[])[], metrics };
  validateCredit("@someone/algo-odd", { columns: ["weights"] }, [group], output);
}

describe("validateCredit", () => {
  it("accepts one advantage and one value of each column for each token", () => {
    expect(() => validate([good])).not.toThrow();
  });

  it.each<[string, unknown, string]>([
    ["no credit", undefined, "credit must be an array of 1 groups"],
    ["a group too many", [good, good], "credit must have one entry for each of the 1 groups, not 2"],
    ["a rollout too few", [[good[0]]], "credit[0] must have one entry for each of the 2 rollouts, not 1"],
    [
      "a plain array",
      [[{ ...good[0], advantages: [0, 0] }, good[1]]],
      "credit[0][0].advantages must be a Float32Array",
    ],
    ["a token too few", [[good[0], { ...good[1], advantages: new Float32Array(2) }]], "rollout's 3 tokens, not 2"],
    [
      "a NaN",
      [[{ ...good[0], advantages: Float32Array.of(0, Number.NaN) }, good[1]]],
      "credit[0][0].advantages[1] must be a finite number, not NaN",
    ],
    ["no column", [[{ advantages: new Float32Array(2) }, good[1]]], "credit[0][0].columns.weights is missing"],
    [
      "a column of only some rollouts",
      [[good[0], { ...good[1], columns: { ...good[1]!.columns, more: new Float32Array(3) } }]],
      "credit[0][1].columns.more is missing from the first rollout",
    ],
    [
      "a column of the wrong length",
      [[{ ...good[0], columns: { weights: new Float32Array(5) } }, good[1]]],
      "credit[0][0].columns.weights must have one value for each of the rollout's 2 tokens, not 5",
    ],
  ])("refuses %s with the package's name and the field", (_, credit, message) => {
    expect(() => validate(credit)).toThrow('the advantage of the algorithm "@someone/algo-odd" is unusable: ');
    expect(() => validate(credit)).toThrow(message);
  });

  it.each([undefined, null, { credit: [good] }, { credit: [good], metrics: null }])("refuses %j", (output) => {
    expect(() => validateCredit("@someone/algo-odd", { columns: [] }, [group], output as never)).toThrow(
      "metrics must be an object of numbers by name",
    );
  });

  it("refuses a metric that is not finite", () => {
    expect(() => validate([good], { "dependency/mean": Number.NaN })).toThrow('metrics["dependency/mean"] must be');
  });
});
