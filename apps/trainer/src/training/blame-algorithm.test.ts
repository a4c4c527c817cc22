import { type AdvantageInput, evaluateLoss, type Loss } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { blamedAdvantage, blamedLoss } from "./blame-algorithm.ts";

const rollout = {
  logprobs: [-1, -2],
  behaviourLogprobs: [-1, -2],
  credit: { advantages: [1, 1] },
};

function lossOf(compute: Loss["compute"]): Loss {
  return blamedLoss({ columns: [], compute }, "my-algorithm");
}

describe("an algorithm's fault", () => {
  it("names the algorithm when its loss throws", () => {
    const loss = lossOf(() => {
      throw new TypeError("x is undefined");
    });
    expect(() => evaluateLoss(loss, [rollout])).toThrow(
      'the loss of the algorithm "my-algorithm" failed: x is undefined',
    );
  });

  it("names the algorithm and the field when its loss or a metric has the wrong shape", () => {
    const perToken = lossOf(({ logprobs }) => ({ loss: logprobs as unknown as tf.Scalar, metrics: {} }));
    expect(() => evaluateLoss(perToken, [rollout])).toThrow(
      'the loss of the algorithm "my-algorithm" is unusable: loss must be a scalar, not of the shape [1,2]',
    );
    const metric = lossOf(({ logprobs }) => ({
      loss: tf.sum(logprobs) as tf.Scalar,
      metrics: { "ratio/mean": logprobs as unknown as tf.Scalar },
    }));
    expect(() => evaluateLoss(metric, [rollout])).toThrow(/"my-algorithm" is unusable: metrics\["ratio\/mean"\]/);
    const nothing = lossOf(() => undefined as never);
    expect(() => evaluateLoss(nothing, [rollout])).toThrow(/"my-algorithm" is unusable: what compute returned/);
  });

  it("lets a good loss be", () => {
    const loss = lossOf(({ logprobs }) => ({ loss: tf.sum(logprobs) as tf.Scalar, metrics: {} }));
    expect(evaluateLoss(loss, [rollout]).gradients).toEqual([Float32Array.of(1, 1)]);
  });

  it("names the algorithm when its advantage throws", async () => {
    const advantage = blamedAdvantage({ estimate: () => Promise.reject(new RangeError("no groups")) }, "my-algorithm");
    await expect(advantage.estimate({} as AdvantageInput)).rejects.toThrow(
      'the advantage of the algorithm "my-algorithm" failed: no groups',
    );
  });
});
