import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Aggregation, aggregationWeights, weightedSum } from "./aggregation.ts";
import { clippedSurrogate } from "./clipped-surrogate.ts";
import { entropyPenalty } from "./entropy-penalty.ts";
import { evaluateLoss, type ScoredLossRollout } from "./evaluate-loss.ts";
import { importanceRatio } from "./importance-ratio.ts";
import type { Loss } from "./loss.ts";
import { createLossInput, miniBatchSize, padRows } from "./loss-input.ts";
import { ratioMetrics } from "./ratio-metrics.ts";
import { stopGradient } from "./stop-gradient.ts";

const clip = { clipLow: 0.2, clipHigh: 0.28, dualClip: 3 };

function surrogateLoss(aggregation: Aggregation): Loss {
  return {
    columns: [],
    compute(input) {
      const ratio = importanceRatio(input.logprobs, input.behaviourLogprobs);
      const tokens = clippedSurrogate(ratio, input.advantages, clip);
      const policy = weightedSum(tokens, aggregationWeights(aggregation, input.mask, input.miniBatch));
      return { loss: tf.add(policy, entropyPenalty(input, 0.06)), metrics: ratioMetrics(input, ratio, clip) };
    },
  };
}

const logprob = fc.double({ min: -5, max: 0, noNaN: true });
const rollout = fc.integer({ min: 1, max: 6 }).chain((length) => {
  const row = (value: fc.Arbitrary<number>) => fc.array(value, { minLength: length, maxLength: length });
  return fc
    .record({ logprobs: row(logprob), behaviourLogprobs: row(logprob), advantage: fc.integer({ min: -2, max: 2 }) })
    .map(
      ({ logprobs, behaviourLogprobs, advantage }): ScoredLossRollout => ({
        logprobs,
        behaviourLogprobs,
        credit: { advantages: logprobs.map(() => advantage) },
      }),
    );
});
const aggregation = fc.constantFrom<Aggregation>("token-mean", "sequence-mean-token-mean", "sequence-mean-token-sum", {
  constant: 7,
});

describe("evaluateLoss", () => {
  it("is the sum of its shares over any split into micro-batches, for loss, gradient and metrics", () => {
    fc.assert(
      fc.property(fc.array(rollout, { minLength: 2, maxLength: 8 }), aggregation, fc.nat(), (rollouts, kind, place) => {
        const loss = surrogateLoss(kind);
        const whole = evaluateLoss(loss, rollouts);
        const cut = 1 + (place % (rollouts.length - 1));
        const size = miniBatchSize(rollouts);
        const parts = [rollouts.slice(0, cut), rollouts.slice(cut)].map((part) => evaluateLoss(loss, part, size));
        expect(parts[0]!.loss + parts[1]!.loss).toBeCloseTo(whole.loss, 4);
        expect(parts.flatMap((part) => part.gradients)).toEqual(whole.gradients);
        for (const [name, value] of Object.entries(whole.metrics)) {
          expect(parts[0]!.metrics[name]! + parts[1]!.metrics[name]!).toBeCloseTo(value, 3);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("agrees with finite differences", () => {
    const loss = surrogateLoss("token-mean");
    const example = {
      logprobs: [-1.1, -0.7, -2],
      behaviourLogprobs: [-1.15, -0.2, -2.9],
      credit: { advantages: [1, 1, -1] },
    };
    const { gradients } = evaluateLoss(loss, [example]);
    const h = 1e-2;
    const at = (token: number, shift: number) =>
      evaluateLoss(loss, [
        { ...example, logprobs: example.logprobs.map((value, index) => value + (index === token ? shift : 0)) },
      ]).loss;
    example.logprobs.forEach((_, token) => {
      expect(gradients[0]![token]).toBeCloseTo((at(token, h) - at(token, -h)) / (2 * h), 3);
    });
  });

  it("leaves no tensor behind, nor after a failure", () => {
    const example = { logprobs: [-1], behaviourLogprobs: [-1], credit: { advantages: [1] } };
    evaluateLoss(surrogateLoss("token-mean"), [example]);
    const before = tf.memory().numTensors;
    evaluateLoss(surrogateLoss("token-mean"), [example]);
    const broken: Loss = {
      columns: [],
      compute: ({ logprobs }) => ({ loss: tf.log(tf.sub(tf.sum(logprobs), 5)), metrics: { some: tf.scalar(1) } }),
    };
    expect(() => evaluateLoss(broken, [example])).toThrow("the loss is NaN");
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [{ logprobs: [-1, -1], behaviourLogprobs: [-1], credit: { advantages: [1, 1] } }, "behaviourLogprobs has 1 values"],
    [{ logprobs: [-1], behaviourLogprobs: [-1], credit: { advantages: [1, 1] } }, "credit.advantages has 2 values"],
    [
      { logprobs: [-1], behaviourLogprobs: [-1], credit: { advantages: [1], columns: { weights: [] } } },
      "credit.columns.weights has 0 values",
    ],
  ])("refuses arrays that disagree in length %#", (example, message) => {
    expect(() => evaluateLoss(surrogateLoss("token-mean"), [example])).toThrow(message);
  });

  it("refuses a loss that is not a scalar", () => {
    const rows: Loss = {
      columns: [],
      compute: ({ logprobs }) => ({ loss: tf.sum(logprobs, 1) as never, metrics: {} }),
    };
    const example = { logprobs: [-1], behaviourLogprobs: [-1], credit: { advantages: [1] } };
    expect(() => evaluateLoss(rows, [example])).toThrow("must be a scalar, but this one has the shape [1]");
  });

  it("has no gradient through stopGradient", () => {
    const loss: Loss = {
      columns: [],
      compute: ({ logprobs }) => ({ loss: tf.sum(tf.mul(stopGradient(tf.exp(logprobs)), logprobs)), metrics: {} }),
    };
    const { gradients } = evaluateLoss(loss, [
      { logprobs: [-1, -2], behaviourLogprobs: [-1, -2], credit: { advantages: [0, 0] } },
    ]);
    expect(gradients[0]![0]).toBeCloseTo(Math.exp(-1), 6);
    expect(gradients[0]![1]).toBeCloseTo(Math.exp(-2), 6);
  });
});

describe("createLossInput", () => {
  it("pads what the loss reads and leaves the rest behind", () => {
    const rollouts = [
      { behaviourLogprobs: [-1, -2], credit: { advantages: [1, 2], columns: { weights: [3, 4], dependency: [0, 0] } } },
      { behaviourLogprobs: [-3], credit: { advantages: [5], columns: { weights: [6], dependency: [0] } } },
    ];
    tf.tidy(() => {
      const size = miniBatchSize(rollouts);
      const input = createLossInput({ columns: ["weights"] }, rollouts, padRows([[-1, -1], [-1]], 3), size);
      expect(input.behaviourLogprobs.arraySync()).toEqual([
        [-1, -2, 0],
        [-3, 0, 0],
      ]);
      expect(input.mask.arraySync()).toEqual([
        [1, 1, 0],
        [1, 0, 0],
      ]);
      expect(input.columns["weights"]!.arraySync()).toEqual([
        [3, 4, 0],
        [6, 0, 0],
      ]);
      expect(Object.keys(input.columns)).toEqual(["weights"]);
      expect(size).toEqual({ rollouts: 2, tokens: 3 });
    });
  });

  it("names the column that is missing", () => {
    const rollouts = [{ behaviourLogprobs: [-1], credit: { advantages: [1] } }];
    const create = () =>
      tf.tidy(() => {
        createLossInput({ columns: ["referenceLogprobs"] }, rollouts, padRows([[-1]], 1), { rollouts: 1, tokens: 1 });
      });
    expect(create).toThrow('has no column "referenceLogprobs"');
  });

  it("refuses a mini-batch without tokens", () => {
    expect(() => miniBatchSize([])).toThrow("at least one rollout");
  });
});
