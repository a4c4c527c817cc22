import {
  describeAlgorithm,
  evaluateGolden,
  GOLDEN_SIZES,
  goldenAlgorithms,
  relativeDifference,
} from "@fovea-rl/testkit";
import { describe, expect, it } from "vitest";
import gspo, { gspoAdvantage, gspoLoss } from "./index.ts";

describe.each(GOLDEN_SIZES)("golden values, %s", (size) => {
  it("the loss and its gradient", async () => {
    const golden = goldenAlgorithms(size);
    const { evaluation } = await evaluateGolden(golden, gspoAdvantage, gspoLoss());
    expect(relativeDifference(evaluation.loss, golden.expected.gspo.loss)).toBeLessThan(1e-5);
    expect(relativeDifference(evaluation.gradients, golden.expected.gspo.gradient)).toBeLessThan(1e-5);
  });
});

describeAlgorithm(gspo, { variants: { "entropy penalty": { entropyPenalty: 0.06, clipHigh: 0.3 } } });
