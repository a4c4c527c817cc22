import type { MessagePort } from "node:worker_threads";
import type { ModelConfig } from "./model-config.ts";
import type { GradientPass, SamplePass, ScorePass } from "./passes.ts";
import type { SharedWeights } from "./shared-weights.ts";

/** How a worker asks for dLoss/dlogprob in the middle of a gradient pass, without giving up its tape. */
export interface LossExchange {
  /** Takes the worker's {@link LossQuestion}. */
  readonly port: MessagePort;
  /** `[1]`: 0 until the answer is there, then {@link ANSWERED} or {@link REFUSED}. The worker sleeps on it. */
  readonly state: SharedArrayBuffer;
  /** `[N, T]` room for the answer, float32. */
  readonly answer: SharedArrayBuffer;
}

export const ANSWERED = 1;
export const REFUSED = 2;

export interface LossQuestion {
  /** `[N, T]` */
  readonly logprobs: Float32Array;
  readonly shape: readonly [number, number];
}

/** What a worker is asked to do. */
export type WorkerTask = {
  readonly config: ModelConfig;
  readonly weights: SharedWeights;
} & (
  | { readonly kind: "sample"; readonly pass: SamplePass }
  | { readonly kind: "score"; readonly pass: ScorePass }
  | {
      readonly kind: "gradient";
      readonly pass: GradientPass;
      readonly exchange: LossExchange;
      /** Room for dLoss/dparameter of all parameters, float32. */
      readonly gradient: SharedArrayBuffer;
    }
);
