import type { RandomKey } from "@fovea-rl/core";
import type { SampleSettings } from "./sample-responses.ts";
import type { ModelPrompt } from "./token-batch.ts";

/*
 * The units of work of the engine, as plain data in and plain data out. Which units there are depends on the options alone, never on who
 * runs them: results are the same bits for any number of workers.
 */

/** Samples G responses to each of B prompts. */
export interface SamplePass {
  readonly prompts: readonly ModelPrompt[];
  /** `[B][G]` */
  readonly randomKeys: readonly (readonly RandomKey[])[];
  readonly settings: SampleSettings;
}

/** B prompts with up to G responses each, to be scored or differentiated. */
export interface ResponsePass {
  readonly prompts: readonly ModelPrompt[];
  /** `[B][up to G]`, each `[T]`. */
  readonly responses: readonly (readonly Int32Array[])[];
  readonly temperature: number;
}

export interface ScorePass extends ResponsePass {
  /** The whole vocabulary's log-probabilities rather than the tokens' alone. */
  readonly distributions: boolean;
}

export interface GradientPass extends ResponsePass {
  /** `[N]` the rows of the batch (g * B + b) that hold responses, in the order of the loss. */
  readonly rows: Int32Array;
}

export interface ScoreResult {
  /** `[G * B, length]` log-probabilities, or `[G * B, length, vocabulary]`. */
  readonly values: Float32Array;
  /** The longest response. */
  readonly length: number;
}
