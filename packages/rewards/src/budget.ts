/** A verdict ran out of its steps or its time. Caught where the budget was granted. */
export class BudgetExhausted extends Error {}

export interface BudgetLimits {
  /** Elementary steps of parsing and arithmetic: the same answer takes the same number everywhere, so verdicts stay reproducible. */
  readonly steps: number;
  /** Wall-clock limit behind it, for a machine that is too slow or too busy for the steps. */
  readonly milliseconds: number;
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
  if (performance.now() > deadline) throw new BudgetExhausted();
}

/** The result of `run`, or of `exhausted` when the budget does not suffice for it. */
export function withBudget<T>({ steps, milliseconds }: BudgetLimits, run: () => T, exhausted: () => T): T {
  const outer = [remaining, untilReading, deadline] as const;
  [remaining, untilReading, deadline] = [steps, stepsBetweenClockReadings, performance.now() + milliseconds];
  try {
    return run();
  } catch (error) {
    if (error instanceof BudgetExhausted) return exhausted();
    throw error;
  } finally {
    [remaining, untilReading, deadline] = outer;
  }
}
