import { evaluateLoss } from "@fovea-rl/core";
import { describe, expect, it } from "vitest";
import { algorithmLoss } from "./index.ts";

// What is true of this algorithm and not of others. Numbers are worked out by hand.
describe("the loss of {{name}}", () => {
  const rollout = (logprobs: readonly number[], advantage: number) => ({
    logprobs,
    behaviourLogprobs: logprobs.map(() => Math.log(0.5)),
    credit: { advantages: logprobs.map(() => advantage) },
  });

  it("weighs every token of the mini-batch alike", () => {
    const rollouts = [rollout([Math.log(0.5)], 1), rollout([Math.log(0.5), Math.log(0.5), Math.log(0.5)], -1)];
    const { loss, gradients } = evaluateLoss(algorithmLoss({ clip: 0.2 }), rollouts);
    expect(loss).toBeCloseTo((-1 + 1 + 1 + 1) / 4, 6);
    expect(gradients.map((gradient) => Array.from(gradient))).toEqual([[-0.25], [0.25, 0.25, 0.25]]);
  });

  it("lets no token go on that has become likely enough", () => {
    const [gradient] = evaluateLoss(algorithmLoss({ clip: 0.2 }), [rollout([Math.log(0.7)], 1)]).gradients;
    expect(Array.from(gradient!)).toEqual([0]);
  });
});
