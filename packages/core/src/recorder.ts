import type { CreditedRollout, RolloutGroup } from "./rollout.ts";

/** The metrics of one update. */
export interface StepRecord {
  /** Updates finished, this one included: from 1. */
  readonly step: number;
  /** What configuration and seed determine: the same in two runs of one configuration. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What differs from machine to machine: seconds, tokens per second, memory. Kept apart so that metrics can be compared. */
  readonly timings: Readonly<Record<string, number>>;
}

/** A held-out evaluation. */
export interface EvaluationRecord {
  /** Updates finished before it: 0 is the base policy. */
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly timings: Readonly<Record<string, number>>;
}

/** A sink of what a run produces. Several may be bound; a failing one stops the run rather than losing records silently. */
export interface Recorder {
  readonly name: string;
  recordStep(record: StepRecord): void | Promise<void>;
  recordEvaluation?(record: EvaluationRecord): void | Promise<void>;
  recordRollouts?(step: number, groups: readonly RolloutGroup<CreditedRollout>[]): void | Promise<void>;
  /** Everything recorded so far is on disk when it returns. */
  flush?(): void | Promise<void>;
  close?(): void | Promise<void>;
}
