import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import type { MiniBatchSize } from "./loss.ts";

/**
 * How per-token losses of a mini-batch of N rollouts become one number:
 * - `token-mean`: sum over all tokens / number of tokens (DAPO);
 * - `sequence-mean-token-mean`: mean over a rollout's tokens, then over rollouts (GRPO);
 * - `sequence-mean-token-sum`: sum over a rollout's tokens, mean over rollouts;
 * - `{ constant }`: sum over all tokens / (N * constant) (Dr. GRPO).
 */
export const aggregationSchema = z.union([
  z.enum(["token-mean", "sequence-mean-token-mean", "sequence-mean-token-sum"]),
  z.strictObject({ constant: z.number().positive() }),
]);
export type Aggregation = z.output<typeof aggregationSchema>;

/**
 * The weight that each token of a micro-batch has in its mini-batch's aggregate: the share is sum(values * weights), and 0 at
 * padding. The denominators are the whole mini-batch's, so shares add up however it was split.
 *
 * @param mask `[N, T]` 1 for response tokens, 0 for padding. Tokens that a filter drops still count here (VPPO eq. 6).
 * @returns `[N, T]`
 */
export function aggregationWeights(aggregation: Aggregation, mask: Tensor2D, miniBatch: MiniBatchSize): Tensor2D {
  if (typeof aggregation === "object") return tf.div(mask, miniBatch.rollouts * aggregation.constant);
  switch (aggregation) {
    case "token-mean":
      return tf.div(mask, miniBatch.tokens);
    case "sequence-mean-token-sum":
      return tf.div(mask, miniBatch.rollouts);
    case "sequence-mean-token-mean":
      return tf.div(mask, tf.mul(responseLengths(mask), miniBatch.rollouts));
  }
}

/** `[N, 1]` response tokens of each rollout, at least 1 so that it can divide. */
export function responseLengths(mask: Tensor2D): Tensor2D {
  return tf.maximum(tf.sum(mask, 1, true), 1);
}

/** sum(values * weights): the micro-batch's share of an aggregate. Both `[N, T]`. */
export function weightedSum(values: Tensor, weights: Tensor): Scalar {
  return tf.sum(tf.mul(values, weights));
}
