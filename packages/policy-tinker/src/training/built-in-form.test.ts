import cispo from "@fovea-rl/algo-cispo";
import { dapoLoss } from "@fovea-rl/algo-dapo";
import { grpoLoss } from "@fovea-rl/algo-grpo";
import { evaluateLoss, type Loss, type LossRollout, miniBatchSize, randomGenerator, Services } from "@fovea-rl/core";
import { Container } from "inversify";
import { describe, expect, it } from "vitest";
import { builtInGradient, findBuiltInForm, gradientResidual } from "./built-in-form.ts";

const random = randomGenerator({ seed: 9, purpose: "rollouts" });
const lengths = [5, 9, 3, 12];

/** Rollouts with columns for every loss below. */
const rollouts: readonly LossRollout[] = lengths.map((length, index) => {
  const draw = (value: () => number) => Float32Array.from({ length }, value);
  return {
    behaviourLogprobs: draw(() => -3 * random.uniform()),
    credit: {
      advantages: draw(() => (index % 2 === 0 ? 1.2 : -0.7)),
      columns: {
        referenceLogprobs: draw(() => -3 * random.uniform()),
        tokenWeights: draw(() => (random.uniform() < 0.4 ? 1 : 0)),
      },
    },
  };
});
const size = miniBatchSize(rollouts);
const find = (loss: Loss) => findBuiltInForm(loss, rollouts, size, 1);

describe("a loss that is a clipped surrogate", () => {
  it.each<[string, Loss]>([
    ["DAPO's", dapoLoss()],
    ["DAPO's with a mask, as VPPO has it", dapoLoss({}, "tokenWeights")],
    ["GRPO's without its KL", grpoLoss({ klCoefficient: 0 })],
  ])("is recognised: %s", (_, loss) => {
    const form = find(loss)!;
    expect(form.lossFunction).toBe("ppo");
    const logprobs = rollouts.map(({ behaviourLogprobs }) =>
      Float32Array.from(behaviourLogprobs, (logprob) => logprob + random.uniform() - 0.5),
    );
    const truth = evaluateLoss(
      loss,
      rollouts.map((rollout, index) => ({ ...rollout, logprobs: logprobs[index]! })),
      size,
    );
    expect(gradientResidual(truth.gradients, builtInGradient(form, rollouts, logprobs))).toBeUndefined();
  });

  it("has the loss's own clip range, as ratios", () => {
    expect(find(dapoLoss())!.thresholds).toEqual({ clip_low_threshold: 0.8, clip_high_threshold: 1.28 });
  });
});

describe("a loss that is something more", () => {
  const container = new Container();
  container.load(cispo.bind(cispoOptions()));
  it.each<[string, Loss]>([
    ["a KL penalty", grpoLoss()],
    ["an entropy penalty", dapoLoss({ entropyPenalty: 0.06 })],
    ["a dual clip", dapoLoss({ dualClip: 3 })],
    ["a clip range that it does not tell", { ...dapoLoss(), clipRange: { clipLow: 0.1, clipHigh: 0.28 } }],
    ["CISPO's weight", container.get<Loss>(Services.Loss)],
  ])("is not taken for a surrogate: %s", (_, loss) => {
    expect(find(loss)).toBeUndefined();
  });
});

function cispoOptions() {
  const result = cispo.optionsSchema["~standard"].validate({});
  if (result instanceof Promise || result.issues) throw new Error("CISPO has no defaults");
  return result.value;
}
