import {
  type Cancellable,
  type CreditedRollout,
  evaluateLoss,
  type Loss,
  type LossEvaluation,
  type MiniBatchSize,
  miniBatchSize,
} from "@fovea-rl/core";
import type { PromptedResponse } from "./build-datum.ts";
import { type BuiltInForm, builtInGradient, findBuiltInForm, gradientResidual } from "./built-in-form.ts";
import type { TrainingPasses } from "./training-passes.ts";

/** How often each way was taken. */
export interface PassCounts {
  /** Mini-batches whose gradient was a loss of the server's own. */
  readonly builtInPasses: number;
  /** Those of them that needed something added. */
  readonly correctedPasses: number;
}

/** A mini-batch's loss, and the log-probabilities that it was computed from. */
export interface LossReport extends Pick<LossEvaluation, "loss" | "metrics"> {
  /** `[rollouts][T]` */
  readonly logprobs: readonly Float32Array[];
}

function evaluateAt(
  loss: Loss,
  rollouts: readonly CreditedRollout[],
  logprobs: readonly Float32Array[],
): LossEvaluation {
  const scored = rollouts.map((rollout, index) => ({ ...rollout, logprobs: logprobs[index]! }));
  return evaluateLoss(loss, scored, miniBatchSize(rollouts));
}

/** Accumulates the gradient of any Loss: it is evaluated here, on log-probabilities that the server gives. */
export class LossGradient {
  readonly #passes: TrainingPasses;
  readonly #usesBuiltIn: boolean;
  readonly #seed: number;
  #counts: PassCounts = { builtInPasses: 0, correctedPasses: 0 };

  /** @param usesBuiltIn whether the server has losses of its own that may be used. */
  constructor(passes: TrainingPasses, usesBuiltIn: boolean, seed: number) {
    this.#passes = passes;
    this.#usesBuiltIn = usesBuiltIn;
    this.#seed = seed;
  }

  get counts(): PassCounts {
    return this.#counts;
  }

  restoreCounts(counts: PassCounts): void {
    this.#counts = counts;
  }

  /** The server's own loss that says the same of these rollouts, if there is one. */
  builtInForm(loss: Loss, rollouts: readonly CreditedRollout[], size: MiniBatchSize): BuiltInForm | undefined {
    return this.#usesBuiltIn ? findBuiltInForm(loss, rollouts, size, this.#seed) : undefined;
  }

  /** @param responses the rollouts' tokens behind their prompts, in the same order. */
  async accumulate(
    loss: Loss,
    rollouts: readonly CreditedRollout[],
    responses: readonly PromptedResponse[],
    options: Cancellable = {},
  ): Promise<LossReport> {
    const form = this.builtInForm(loss, rollouts, miniBatchSize(rollouts));
    if (form === undefined) {
      const logprobs = await this.#passes.forward(responses, options);
      const { gradients, ...evaluation } = evaluateAt(loss, rollouts, logprobs);
      await this.#passes.backward(responses, gradients, options);
      return { loss: evaluation.loss, metrics: evaluation.metrics, logprobs };
    }
    const logprobs = await this.#builtInPass(form, rollouts, responses, options);
    try {
      const { gradients, ...evaluation } = evaluateAt(loss, rollouts, logprobs);
      // The gradient at the true log-probabilities has the last word: what the server's own loss lacks of it is added.
      const missing = gradientResidual(gradients, builtInGradient(form, rollouts, logprobs));
      if (missing !== undefined) {
        this.#count({ correctedPasses: 1 });
        await this.#passes.backward(responses, missing, options);
      }
      return { loss: evaluation.loss, metrics: evaluation.metrics, logprobs };
    } catch (error) {
      this.#passes.doubt((error as Error).message);
      throw error;
    }
  }

  #builtInPass(
    form: BuiltInForm,
    rollouts: readonly CreditedRollout[],
    responses: readonly PromptedResponse[],
    options: Cancellable,
  ): Promise<Float32Array[]> {
    this.#count({ builtInPasses: 1 });
    const behaviour = rollouts.map(({ behaviourLogprobs }) => behaviourLogprobs);
    return this.#passes.builtIn(responses, behaviour, form, options);
  }

  #count({ builtInPasses = 0, correctedPasses = 0 }: Partial<PassCounts>): void {
    this.#counts = {
      builtInPasses: this.#counts.builtInPasses + builtInPasses,
      correctedPasses: this.#counts.correctedPasses + correctedPasses,
    };
  }
}
