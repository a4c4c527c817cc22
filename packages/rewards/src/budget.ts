/** A verdict ran out of its steps or its time: thrown by `spend`, caught where the budget was granted. */
export class BudgetExhausted extends Error {}

export interface BudgetLimits {
  /**
   * Elementary steps of parsing and arithmetic. The same answer takes the same number on every machine, however busy, so that
   * a run's rewards can be reproduced.
   */
  readonly steps: number;
  /** A wall-clock limit besides. It makes verdicts depend on how busy the machine is, so there is none unless asked for. */
  readonly milliseconds?: number | undefined;
}

const stepsBetweenClockReadings = 2048;

let remaining = Number.POSITIVE_INFINITY;
let untilReading = stepsBetweenClockReadings;
let deadline = Number.POSITIVE_INFINITY;

/** Accounts for work done. Grading is synchronous, so one budget is active at a time. */
export function spend(steps: number): void {
  remaining -= steps;
  if (remaining < 0) throw new BudgetExhausted();
  untilReading -= steps;
  if (untilReading > 0) return;
  untilReading = stepsBetweenClockReadings;
  if (deadline !== Number.POSITIVE_INFINITY && performance.now() > deadline) throw new BudgetExhausted();
}

/** The result of `run`, or of `exhausted` when the budget does not suffice for it. */
export function withBudget<T>({ steps, milliseconds }: BudgetLimits, run: () => T, exhausted: () => T): T {
  const outer = [remaining, untilReading, deadline] as const;
  const end = milliseconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + milliseconds;
  [remaining, untilReading, deadline] = [steps, stepsBetweenClockReadings, end];
  try {
    return run();
  } catch (error) {
    if (error instanceof BudgetExhausted) return exhausted();
    throw error;
  } finally {
    [remaining, untilReading, deadline] = outer;
  }
}
