import type { AdvantageOutput, Credit, LossEvaluation } from "@fovea-rl/core";
import {
  evaluateGolden,
  GOLDEN_SIZES,
  type GoldenVppoLoss,
  goldenAlgorithms,
  goldenPolicy,
  relativeDifference,
} from "@fovea-rl/testkit";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { VppoAdvantage, vppoLoss, vppoOptionsSchema } from "./index.ts";

// The embedded engine trains on wasm, which lacks some of the operations and gradients that the CPU backend has.
const cases = ["cpu", "wasm"].flatMap((backend) => GOLDEN_SIZES.map((size) => [size, backend] as const));

describe.each(cases)("golden values, %s, on %s", (size, backend) => {
  const golden = goldenAlgorithms(size);

  describe.each([
    ["vppo", {}],
    ["vppo-filtering-only", { shaping: false }],
    ["vppo-shaping-only", { filtering: false }],
    ["vppo-fixed-range", { filtering: { fraction: 0.2 }, shaping: { betaMin: 0.8, betaMax: 1.2 } }],
  ] as const)("%s", (name, changed) => {
    const options = vppoOptionsSchema.parse(changed);
    const expected: GoldenVppoLoss = golden.expected[name];
    let output: AdvantageOutput;
    let evaluation: LossEvaluation;
    let credit: readonly Credit[];
    beforeAll(async () => {
      await tf.setBackend(backend);
      const advantage = new VppoAdvantage(options, goldenPolicy(golden));
      ({ output, evaluation } = await evaluateGolden(golden, advantage, vppoLoss(options)));
      credit = output.credit.flat();
      expect(tf.getBackend()).toBe(backend);
    });

    it("the loss and its gradient", () => {
      expect(relativeDifference(evaluation.loss, expected.loss)).toBeLessThan(1e-5);
      expect(relativeDifference(evaluation.gradients, expected.gradient)).toBeLessThan(1e-5);
    });

    it("the dependency of each token", () => {
      expect(
        relativeDifference(
          credit.map(({ columns }) => columns!["dependency"]),
          expected.dependency,
        ),
      ).toBeLessThan(1e-5);
    });

    it("the shaping factors and their range", () => {
      const factors = credit.map(({ advantages }, row) => advantages[0]! / golden.expected.advantages.grpo[row]!);
      expect(relativeDifference(factors, expected.shaping)).toBeLessThan(1e-5);
      if (expected.betaMaxUsed === null) expect(output.metrics).not.toHaveProperty("shaping/beta-max");
      else expect(relativeDifference(output.metrics["shaping/beta-max"], expected.betaMaxUsed)).toBeLessThan(1e-5);
    });

    it("the token mask", () => {
      const weights = credit.map(({ columns, advantages }) => [
        ...(columns!["tokenWeights"] ?? new Float32Array(advantages.length).fill(1)),
      ]);
      expect(weights).toEqual(expected.tokenMask);
    });
  });
});
