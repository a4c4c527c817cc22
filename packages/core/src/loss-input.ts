import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { FoveaError } from "./fovea-error.ts";
import type { Loss, LossInput, MiniBatchSize } from "./loss.ts";

/** What a loss reads of one rollout of T tokens besides its current log-probabilities; every CreditedRollout is one. */
export interface LossRollout {
  /** `[T]` natural log-probabilities under the policy that sampled the tokens. */
  readonly behaviourLogprobs: ArrayLike<number>;
  readonly credit: {
    /** `[T]` */
    readonly advantages: ArrayLike<number>;
    /** Each `[T]`. */
    readonly columns?: Readonly<Record<string, ArrayLike<number>>>;
  };
}

/** The denominators of a mini-batch that consists of these rollouts. */
export function miniBatchSize(rollouts: readonly LossRollout[]): MiniBatchSize {
  const tokens = rollouts.reduce((sum, rollout) => sum + rollout.behaviourLogprobs.length, 0);
  if (tokens === 0) throw new FoveaError("a mini-batch needs at least one rollout with at least one response token");
  return { rollouts: rollouts.length, tokens };
}

/**
 * Rows of different lengths as one tensor, padded on the right with zeros.
 *
 * @param width at least the longest row.
 * @returns `[rows, width]` float32; the caller disposes of it.
 */
export function padRows(rows: readonly ArrayLike<number>[], width: number): Tensor2D {
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, index) => {
    if (row.length > width) throw new RangeError(`row ${index} has ${row.length} values, more than the width ${width}`);
    values.set(row, index * width);
  });
  return tf.tensor2d(values, [rows.length, width], "float32");
}

/**
 * The tensors that a Loss reads, from credited rollouts: what every engine gives to `Loss.compute`.
 *
 * @param loss whose `columns` are padded and passed on; others stay behind.
 * @param rollouts N rollouts of a micro-batch, in the order of the rows of `logprobs`.
 * @param logprobs `[N, width]`, width at least the longest rollout; finite at padding.
 * @param miniBatch sizes of the whole mini-batch, {@link miniBatchSize} of all its rollouts.
 * @throws FoveaError naming the column that a rollout lacks.
 */
export function createLossInput(
  loss: Pick<Loss, "columns">,
  rollouts: readonly LossRollout[],
  logprobs: Tensor2D,
  miniBatch: MiniBatchSize,
): LossInput {
  const [rows, width] = logprobs.shape;
  if (rows !== rollouts.length) {
    throw new RangeError(`${rollouts.length} rollouts, but log-probabilities of ${rows}`);
  }
  const columns = loss.columns.map((name): [string, Tensor2D] => {
    const values = rollouts.map(({ credit }, index) => {
      const column = credit.columns?.[name];
      if (!column) throw new FoveaError(`rollout ${index} has no column "${name}", which the loss reads`);
      return column;
    });
    return [name, padRows(values, width)];
  });
  return {
    logprobs,
    behaviourLogprobs: padRows(
      rollouts.map((rollout) => rollout.behaviourLogprobs),
      width,
    ),
    advantages: padRows(
      rollouts.map((rollout) => rollout.credit.advantages),
      width,
    ),
    mask: padRows(
      rollouts.map((rollout) => new Float32Array(rollout.behaviourLogprobs.length).fill(1)),
      width,
    ),
    columns: Object.fromEntries(columns),
    miniBatch,
  };
}
