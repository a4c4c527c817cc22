import type { Credit, RolloutGroup } from "./rollout.ts";

export interface AdvantageInput {
  /** Graded groups of one update. */
  readonly groups: readonly RolloutGroup[];
  /**
   * The optimiser mini-batches that the update will take, as indices into `groups`; together they hold each group once. Given
   * here because a normalisation over "the mini-batch" must mean the optimiser's, never a memory-sized slice of it.
   */
  readonly miniBatches: readonly (readonly number[])[];
  /** Number of the update, from 0. */
  readonly step: number;
  /** The run's seed, for random draws of the algorithm's own. */
  readonly seed: number;
}

export interface AdvantageOutput {
  /** `[groups][rollouts]`, in the order of the input. */
  readonly credit: readonly (readonly Credit[])[];
  /** Numbers worth a curve (`dependency/mean`, ...). */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Turns graded groups into per-token credit, with extra forward passes where the algorithm needs them. */
export interface Advantage {
  estimate(input: AdvantageInput): AdvantageOutput | Promise<AdvantageOutput>;
}
