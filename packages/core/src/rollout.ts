import type { Image } from "./image.ts";
import type { Prompt } from "./prompt.ts";
import type { Verdict } from "./verifier.ts";

/** Why sampling ended: a stop token (part of `tokens`), or the length limit. */
export type FinishReason = "stop" | "length";

/** One sampled answer. T is its number of response tokens, the end-of-sequence token included. */
export interface Rollout {
  readonly promptId: string;
  /** 0 to G-1 within its group; random draws are keyed by it. */
  readonly sampleIndex: number;
  /** `[T]` token ids. */
  readonly tokens: Int32Array;
  /**
   * `[T]` natural log-probabilities of `tokens` under the policy that sampled them, at the training temperature and before
   * top-p or top-k truncation: the "old" policy of the importance ratio.
   */
  readonly behaviourLogprobs: Float32Array;
  /** `[T]` entropy in nats of the distribution each token was drawn from, where the engine gives it. */
  readonly entropies?: Float32Array;
  /** Decoded response, without the stop token. */
  readonly text: string;
  readonly finishReason: FinishReason;
}

/** A rollout that the verifiers have graded. */
export interface GradedRollout extends Rollout {
  readonly verdict: Verdict;
}

/** Credit for one rollout: what an Advantage computes and a Loss consumes. */
export interface Credit {
  /** `[T]` advantage of each token. */
  readonly advantages: Float32Array;
  /**
   * Further per-token values that the algorithm's Loss asks for by name, each `[T]`: `referenceLogprobs`, `tokenWeights`,
   * `perturbedLogprobs`, ... The same names for every rollout of a batch.
   */
  readonly columns?: Readonly<Record<string, Float32Array>>;
  /** What the policy was shown in an extra pass in place of the prompt's images, for reports. */
  readonly perturbedImages?: readonly Image[];
}

/** A graded rollout with its credit, ready for the loss. */
export interface CreditedRollout extends GradedRollout {
  readonly credit: Credit;
}

/** The G rollouts of one prompt. */
export interface RolloutGroup<R extends Rollout = GradedRollout> {
  readonly prompt: Prompt;
  /** `[G]` */
  readonly rollouts: readonly R[];
}
