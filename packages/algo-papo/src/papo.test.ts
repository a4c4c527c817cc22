import { grpoAdvantage, grpoLoss, grpoOptionsSchema } from "@fovea-rl/algo-grpo";
import {
  describeAlgorithm,
  evaluateGolden,
  GOLDEN_SIZES,
  goldenAlgorithms,
  goldenPolicy,
  relativeDifference,
} from "@fovea-rl/testkit";
import { describe, expect, it } from "vitest";
import papo, { papoAdvantage, papoLoss, papoOptionsSchema } from "./index.ts";

describe.each(GOLDEN_SIZES)("the perception term on golden rollouts, %s", (size) => {
  const golden = goldenAlgorithms(size);

  it("is GRPO's loss minus gamma k3 between the policy and itself behind the degraded image", async () => {
    const options = papoOptionsSchema.parse({ perceptionCoefficient: 0.3 });
    const policy = goldenPolicy(golden);
    const base = grpoOptionsSchema.parse({});
    const plain = (await evaluateGolden(golden, grpoAdvantage(base, policy), grpoLoss(base))).evaluation;
    const { evaluation } = await evaluateGolden(golden, papoAdvantage(options, policy), papoLoss(options));

    const rollouts = golden.logprobs.length;
    let divergence = 0;
    const gradients = golden.logprobs.map((logprobs, row) =>
      logprobs.map((logprob, token) => {
        const d = golden.perturbedLogprobs[row]![token]! - logprob;
        const weight = 1 / (rollouts * logprobs.length);
        const k3 = Math.expm1(d) - d;
        divergence += weight * Math.min(k3, 10);
        // k3 is cut at 10, and does not pull beyond.
        const slope = k3 < 10 ? -Math.expm1(d) : 0;
        return golden.expected.grpo.gradient[row]![token]! - 0.3 * weight * slope;
      }),
    );
    expect(relativeDifference(evaluation.loss, plain.loss - 0.3 * divergence)).toBeLessThan(1e-5);
    expect(relativeDifference(evaluation.gradients, gradients)).toBeLessThan(1e-5);
  });

  it("is GRPO with a coefficient of 0", async () => {
    const options = papoOptionsSchema.parse({ perceptionCoefficient: 0 });
    const { evaluation } = await evaluateGolden(
      golden,
      papoAdvantage(options, goldenPolicy(golden)),
      papoLoss(options),
    );
    expect(relativeDifference(evaluation.loss, golden.expected.grpo.loss)).toBeLessThan(1e-5);
    expect(relativeDifference(evaluation.gradients, golden.expected.grpo.gradient)).toBeLessThan(1e-5);
  });
});

describeAlgorithm(papo, {
  variants: {
    "strong, behind a blur, without reference": {
      perceptionCoefficient: 1,
      perturbation: "gaussian-blur",
      klCoefficient: 0,
    },
  },
  runs: 8,
});
