import { evaluateLoss, type Loss, type LossRollout, type MiniBatchSize, randomGenerator } from "@fovea-rl/core";
import type { ClipThresholds } from "@fovea-rl/tinker-protocol";

/** A loss that the server has itself and that is, on this mini-batch, the same function of the log-probabilities. */
export interface BuiltInForm {
  readonly lossFunction: "importance_sampling" | "ppo";
  readonly thresholds: ClipThresholds;
  /** `[rollouts][T]`, scaled by the loss's masks and normalisation. */
  readonly advantages: readonly Float32Array[];
}

/** Where the two gradients are compared: log-ratios near, beyond and far beyond any clip range in use. */
const TRIAL_SPREADS = [0.05, 0.5, 3];

/** Float32 rounding of a few operations and an exponential. */
const RELATIVE_TOLERANCE = 2e-5;
const ABSOLUTE_TOLERANCE = 1e-6;

/** dLoss/dlogprob of a built-in form at given log-probabilities, `[rollouts][T]`. */
export function builtInGradient(
  form: BuiltInForm,
  rollouts: readonly LossRollout[],
  logprobs: readonly ArrayLike<number>[],
): Float32Array[] {
  const { clip_low_threshold: low = 0, clip_high_threshold: high = Number.POSITIVE_INFINITY } = form.thresholds;
  return rollouts.map(({ behaviourLogprobs }, index) =>
    form.advantages[index]!.map((advantage, token) => {
      const ratio = Math.exp(logprobs[index]![token]! - behaviourLogprobs[token]!);
      const isClipped = (advantage > 0 && ratio > high) || (advantage < 0 && ratio < low);
      return isClipped ? 0 : -advantage * ratio;
    }),
  );
}

/** `[rollouts][T]` what the true gradient has that the built-in one lacks, or `undefined` if that is rounding alone. */
export function gradientResidual(
  truth: readonly Float32Array[],
  builtIn: readonly Float32Array[],
): Float32Array[] | undefined {
  let largest = 0;
  for (const row of truth) for (const value of row) largest = Math.max(largest, Math.abs(value));
  let isRounding = true;
  const residual = truth.map((row, index) =>
    row.map((value, token) => {
      const other = builtIn[index]![token]!;
      if (Math.abs(value - other) > RELATIVE_TOLERANCE * Math.abs(value) + ABSOLUTE_TOLERANCE * largest) {
        isRounding = false;
      }
      return value - other;
    }),
  );
  return isRounding ? undefined : residual;
}

/**
 * Finds a built-in loss that says exactly what a Loss says on this mini-batch. The proof looks at the function, not at its name:
 * where the ratio is 1 the gradient of a surrogate is minus its scaled advantages, so that one evaluation there gives the only
 * candidate; the candidate's and the Loss's gradients must then agree, token by token, at random points around and far outside
 * the clip range. A term that no surrogate has (a KL, an entropy penalty, a dual clip) shows at those points.
 *
 * @param logprobs what the gradient is compared at besides, where it is known; random points alone otherwise.
 */
export function findBuiltInForm(
  loss: Loss,
  rollouts: readonly LossRollout[],
  miniBatch: MiniBatchSize,
  seed: number,
): BuiltInForm | undefined {
  const gradientAt = (logprobs: readonly ArrayLike<number>[]) =>
    evaluateLoss(
      loss,
      rollouts.map((rollout, index) => ({ ...rollout, logprobs: logprobs[index]! })),
      miniBatch,
    ).gradients;
  const advantages = gradientAt(rollouts.map(({ behaviourLogprobs }) => behaviourLogprobs)).map((row) =>
    row.map((value) => -value),
  );
  const { clipRange } = loss;
  const form: BuiltInForm =
    clipRange === undefined
      ? { lossFunction: "importance_sampling", thresholds: {}, advantages }
      : {
          lossFunction: "ppo",
          thresholds: { clip_low_threshold: 1 - clipRange.clipLow, clip_high_threshold: 1 + clipRange.clipHigh },
          advantages,
        };
  const agrees = TRIAL_SPREADS.every((spread, trial) => {
    const random = randomGenerator({ seed, purpose: "built-in-form", step: trial });
    const trialLogprobs = rollouts.map(({ behaviourLogprobs }) =>
      Float32Array.from(behaviourLogprobs, (logprob) => logprob + spread * (2 * random.uniform() - 1)),
    );
    return gradientResidual(gradientAt(trialLogprobs), builtInGradient(form, rollouts, trialLogprobs)) === undefined;
  });
  return agrees ? form : undefined;
}
