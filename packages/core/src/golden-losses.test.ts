import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { GOLDEN_SIZES, goldenAlgorithms, relativeDifference } from "../../testkit/src/golden-algorithms.ts";
import { type Aggregation, aggregationWeights, weightedSum } from "./aggregation.ts";
import { clippedSurrogate } from "./clipped-surrogate.ts";
import { evaluateLoss } from "./evaluate-loss.ts";
import { groupAdvantage } from "./group-advantage.ts";
import { importanceRatio } from "./importance-ratio.ts";
import { estimateKl, KL_ESTIMATORS } from "./kl-estimator.ts";
import type { Loss } from "./loss.ts";
import { padRows } from "./loss-input.ts";

describe.each(GOLDEN_SIZES)("golden values, %s", (size) => {
  const golden = goldenAlgorithms(size);
  const { expected, groupSize } = golden;
  const groups = Array.from({ length: golden.groups }, (_, group) =>
    golden.rewards.slice(group * groupSize, (group + 1) * groupSize),
  );
  const width = Math.max(...golden.lengths);

  it.each([
    ["group-normalised", "grpo"],
    ["mean-centred", "drGrpo"],
    ["leave-one-out", "rloo"],
  ] as const)("the %s advantage", (kind, name) => {
    const advantages = groups.flatMap((rewards) => [...groupAdvantage(kind, rewards)]);
    expect(relativeDifference(advantages, expected.advantages[name])).toBeLessThan(1e-12);
  });

  it.each(KL_ESTIMATORS)("the KL estimator %s", (estimator) => {
    const kl = tf.tidy(() =>
      estimateKl(estimator, padRows(golden.logprobs, width), padRows(golden.referenceLogprobs, width)).arraySync(),
    );
    const rows = kl.map((row, index) => row.slice(0, golden.lengths[index]));
    expect(relativeDifference(rows, expected[`kl:${estimator}`])).toBeLessThan(1e-5);
  });

  it.each([
    ["token-mean", "token-mean"],
    ["sequence-mean-token-mean", "sequence-mean-token-mean"],
    ["sequence-mean-token-sum", "sequence-mean-token-sum"],
    ["constant", { constant: Number(expected["aggregation:constant"].config?.["constant"]) }],
  ] as const)("the aggregation %s of a clipped surrogate, and its gradient", (name, aggregation: Aggregation) => {
    const loss: Loss = {
      columns: [],
      compute({ logprobs, behaviourLogprobs, advantages, mask, miniBatch }) {
        const clip = { clipLow: 0.2, clipHigh: 0.28 };
        const tokens = clippedSurrogate(importanceRatio(logprobs, behaviourLogprobs), advantages, clip);
        return { loss: weightedSum(tokens, aggregationWeights(aggregation, mask, miniBatch)), metrics: {} };
      },
    };
    const rollouts = golden.logprobs.map((logprobs, index) => ({
      logprobs,
      behaviourLogprobs: golden.oldLogprobs[index]!,
      credit: { advantages: logprobs.map(() => expected.advantages.grpo[index]!) },
    }));
    const result = evaluateLoss(loss, rollouts);
    const wanted = expected[`aggregation:${name}`];
    expect(relativeDifference(result.loss, wanted.loss)).toBeLessThan(1e-5);
    expect(relativeDifference(result.gradients, wanted.gradient)).toBeLessThan(1e-5);
  });
});
