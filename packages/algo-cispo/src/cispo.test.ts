import {
  describeAlgorithm,
  evaluateGolden,
  GOLDEN_SIZES,
  goldenAlgorithms,
  relativeDifference,
} from "@fovea-rl/testkit";
import { describe, expect, it } from "vitest";
import cispo, { cispoAdvantage, cispoLoss } from "./index.ts";

describe.each(GOLDEN_SIZES)("golden values, %s", (size) => {
  it("the loss and its gradient", async () => {
    const golden = goldenAlgorithms(size);
    const { evaluation } = await evaluateGolden(golden, cispoAdvantage, cispoLoss());
    expect(relativeDifference(evaluation.loss, golden.expected.cispo.loss)).toBeLessThan(1e-5);
    expect(relativeDifference(evaluation.gradients, golden.expected.cispo.gradient)).toBeLessThan(1e-5);
  });
});

describeAlgorithm(cispo, { variants: { "entropy penalty": { entropyPenalty: 0.06, clipHigh: 0.3 } } });
