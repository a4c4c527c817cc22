// Gradients of tfjs-core's operations, and the CPU backend, are registered by this package alone.
import "@tensorflow/tfjs";
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { FoveaError } from "./fovea-error.ts";
import type { Loss, MiniBatchSize } from "./loss.ts";
import { createLossInput, type LossRollout, miniBatchSize, padRows } from "./loss-input.ts";

/** One rollout of T tokens with its log-probabilities under the policy being trained. */
export interface ScoredLossRollout extends LossRollout {
  /** `[T]` */
  readonly logprobs: ArrayLike<number>;
}

export interface LossEvaluation {
  /** The rollouts' share of the mini-batch's loss; the loss itself when they are all of it. */
  readonly loss: number;
  /** dLoss/dlogprob: `[T]` for each rollout, in their order. */
  readonly gradients: readonly Float32Array[];
  /** Shares too. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * A loss and its gradient on plain arrays, without any engine.
 *
 * @param rollouts a mini-batch, or a part of one if `miniBatch` tells the sizes of the whole.
 * @throws FoveaError if the rollouts' arrays disagree in length, or the loss is not a finite scalar.
 */
export function evaluateLoss(
  loss: Loss,
  rollouts: readonly ScoredLossRollout[],
  miniBatch: MiniBatchSize = miniBatchSize(rollouts),
): LossEvaluation {
  rollouts.forEach(checkLengths);
  const width = rollouts.reduce((longest, { logprobs }) => Math.max(longest, logprobs.length), 1);
  const metrics: Record<string, Scalar> = {};
  const engine = tf.engine();
  engine.startScope();
  try {
    const logprobs = padRows(
      rollouts.map((rollout) => rollout.logprobs),
      width,
    );
    const input = createLossInput(loss, rollouts, logprobs, miniBatch);
    const { value, grad } = tf.valueAndGrad((variable) => {
      const output = loss.compute({ ...input, logprobs: variable as Tensor2D });
      if (output.loss.rank !== 0) {
        throw new FoveaError(`a loss must be a scalar, but this one has the shape [${output.loss.shape}]`);
      }
      // valueAndGrad ends a scope of its own before the metrics are read.
      for (const [name, metric] of Object.entries(output.metrics)) metrics[name] = tf.keep(tf.clone(metric));
      return output.loss;
    })(logprobs);
    const lossValue = value.dataSync()[0]!;
    if (!Number.isFinite(lossValue)) throw new FoveaError(`the loss is ${lossValue}`);
    const gradient = grad.dataSync();
    return {
      loss: lossValue,
      gradients: rollouts.map((rollout, row) =>
        Float32Array.from(gradient.subarray(row * width, row * width + rollout.logprobs.length)),
      ),
      metrics: Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, metric.dataSync()[0]!])),
    };
  } finally {
    for (const metric of Object.values(metrics)) metric.dispose();
    engine.endScope();
  }
}

function checkLengths({ logprobs, behaviourLogprobs, credit }: ScoredLossRollout, index: number): void {
  const length = logprobs.length;
  const fields: [string, ArrayLike<number>][] = [
    ["behaviourLogprobs", behaviourLogprobs],
    ["credit.advantages", credit.advantages],
    ...Object.entries(credit.columns ?? {}).map(([name, values]): [string, ArrayLike<number>] => [
      `credit.columns.${name}`,
      values,
    ]),
  ];
  for (const [field, values] of fields) {
    if (values.length !== length) {
      throw new FoveaError(
        `rollouts[${index}].${field} has ${values.length} values, but rollouts[${index}].logprobs has ${length}`,
      );
    }
  }
}
