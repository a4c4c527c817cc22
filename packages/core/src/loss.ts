import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";

/** Sizes of the whole optimiser mini-batch that a micro-batch belongs to: the denominators of every aggregation. */
export interface MiniBatchSize {
  readonly rollouts: number;
  /** Response tokens of all its rollouts. */
  readonly tokens: number;
}

/** A micro-batch of N rollouts, padded on the right to the longest of them. Every tensor is `[N, T]` float32. */
export interface LossInput {
  /** Log-probabilities under the policy being trained: what gradients flow through. */
  readonly logprobs: Tensor2D;
  readonly behaviourLogprobs: Tensor2D;
  readonly advantages: Tensor2D;
  /** 1 for response tokens, 0 for padding. Padding holds finite values elsewhere and must not change the result. */
  readonly mask: Tensor2D;
  /** The per-token columns that the Advantage attached, by name. */
  readonly columns: Readonly<Record<string, Tensor2D>>;
  readonly miniBatch: MiniBatchSize;
}

export interface LossOutput {
  readonly loss: Scalar;
  readonly metrics: Readonly<Record<string, Scalar>>;
}

/**
 * A differentiable scalar of current log-probabilities. `compute` returns the micro-batch's *share*: over any split of a
 * mini-batch into micro-batches the shares, of the loss and of each metric, add up to the mini-batch's value. Uses
 * `@tensorflow/tfjs-core` operations only, so that it runs wherever the log-probabilities come from, and reads no values (`dataSync`):
 * not every device can give them while it computes.
 */
export interface Loss {
  /** Names of the columns it reads; a batch without one is refused before any work. */
  readonly columns: readonly string[];
  /**
   * The clip range of the importance ratio, where the loss clips it. A hint for engines whose servers have a clipped surrogate of
   * their own: they check that it says the same as `compute` before they use it.
   */
  readonly clipRange?: { readonly clipLow: number; readonly clipHigh: number };
  compute(input: LossInput): LossOutput;
}
