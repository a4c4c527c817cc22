import { type CreditedRollout, learningRate, type RolloutGroup } from "@fovea-rl/core";
import { NonFiniteError } from "./non-finite-error.ts";
import type { PhaseClock } from "./phase-clock.ts";
import type { Run } from "./run.ts";

/** One optimiser step. */
export interface OptimiserReport {
  readonly loss: number;
  readonly lossMetrics: Readonly<Record<string, number>>;
  /** Left out where the engine's server does not tell it. */
  readonly gradientNorm?: number;
  readonly learningRate: number;
}

/** The groups whose own loss is not finite either; all of them if none is by itself. */
async function findCulprits(run: Run, groups: readonly RolloutGroup<CreditedRollout>[]) {
  const culprits: RolloutGroup<CreditedRollout>[] = [];
  for (const group of groups) {
    const { loss } = await run.policy.accumulateGradients({ groups: [group], loss: run.loss });
    if (!Number.isFinite(loss)) culprits.push(group);
  }
  return culprits.length > 0 ? culprits : groups;
}

/**
 * Gradient and step of each mini-batch in turn.
 *
 * @throws NonFiniteError before a step whose loss or gradient is not a finite number.
 */
export async function optimise(
  run: Run,
  batch: readonly RolloutGroup<CreditedRollout>[],
  miniBatches: readonly (readonly number[])[],
  update: number,
  clock: PhaseClock,
): Promise<readonly OptimiserReport[]> {
  const { updates, maximumGradientNorm, learningRate: rate } = run.configuration.training;
  const reports: OptimiserReport[] = [];
  for (const [index, members] of miniBatches.entries()) {
    const groups = members.map((member) => batch[member]!);
    const where = `mini-batch ${index + 1} of ${miniBatches.length} (algorithm "${run.configuration.algorithm.use}")`;
    const { loss, metrics } = await clock.measure("gradient", () =>
      run.policy.accumulateGradients({ groups, loss: run.loss }),
    );
    if (!Number.isFinite(loss)) {
      throw new NonFiniteError(update + 1, `the loss of ${where} is ${loss}`, await findCulprits(run, groups));
    }
    const stepLearningRate = learningRate(
      {
        kind: rate.schedule,
        peak: rate.peak,
        warmUpSteps: rate.warmUpUpdates * miniBatches.length,
        totalSteps: updates * miniBatches.length,
        final: rate.final,
      },
      update * miniBatches.length + index,
    );
    const { gradientNorm } = await clock
      .measure("step", () =>
        run.policy.step({
          learningRate: stepLearningRate,
          ...(maximumGradientNorm === null ? {} : { maximumGradientNorm }),
        }),
      )
      .catch((cause: Error) => {
        // An engine refuses a gradient that is not finite with a FoveaError, and has not applied it.
        if (cause.name !== "FoveaError" || "isUnfinishedWork" in cause) throw cause;
        throw new NonFiniteError(update + 1, `${cause.message} (${where})`, groups, { cause });
      });
    if (gradientNorm !== undefined && !Number.isFinite(gradientNorm)) {
      throw new NonFiniteError(update + 1, `the gradient norm of ${where} is ${gradientNorm}`, groups);
    }
    reports.push({
      loss,
      lossMetrics: metrics,
      ...(gradientNorm === undefined ? {} : { gradientNorm }),
      learningRate: stepLearningRate,
    });
  }
  return reports;
}
