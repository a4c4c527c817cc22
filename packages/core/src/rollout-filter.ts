import type { RolloutGroup } from "./rollout.ts";

/** Decides which groups are worth an update (DAPO's dynamic sampling). */
export interface RolloutFilter {
  accept(group: RolloutGroup): boolean;
  /**
   * How many times the trainer may sample fresh prompts to fill the batch, the first time included. When it is spent the
   * trainer stops with an error that states the acceptance rate.
   */
  readonly maximumSamplingRounds: number;
}
