/** The learning rate as a pure function of the optimiser step, so that a resumed run needs no schedule state. */
export interface LearningRateSchedule {
  /** After warm-up: stay at the peak, or fall along half a cosine to `final`. */
  readonly kind: "constant" | "cosine";
  readonly peak: number;
  /** Optimiser steps of linear rise: step s of them (from 0) uses peak * (s + 1) / warmUpSteps. Default 0. */
  readonly warmUpSteps?: number;
  /** Optimiser steps of the run: where the cosine ends. Needed by `cosine` alone. */
  readonly totalSteps?: number;
  /** What the cosine falls to. Default 0. */
  readonly final?: number;
}

/** @param step optimiser steps taken before this one, from 0. */
export function learningRate(schedule: LearningRateSchedule, step: number): number {
  const { kind, peak, warmUpSteps = 0, totalSteps = 0, final = 0 } = schedule;
  if (step < warmUpSteps) return (peak * (step + 1)) / warmUpSteps;
  if (kind === "constant") return peak;
  const progress = Math.min(1, (step - warmUpSteps) / Math.max(1, totalSteps - warmUpSteps));
  return final + (peak - final) * 0.5 * (1 + Math.cos(Math.PI * progress));
}
