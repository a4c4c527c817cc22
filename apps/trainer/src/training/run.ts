import type { Advantage, Loss, Policy, Recorder, RewardShaping, RolloutFilter, Task, Verifier } from "@fovea-rl/core";
import type { Configuration } from "../configuration/configuration.ts";

/** A verifier and its factor in the reward. */
export interface WeightedVerifier {
  readonly verifier: Verifier;
  readonly weight: number;
}

/** All parts of a run, put together. The loop knows no more of the algorithm than these contracts. */
export interface Run {
  readonly configuration: Configuration;
  readonly policy: Policy;
  readonly task: Task;
  readonly verifiers: readonly WeightedVerifier[];
  readonly advantage: Advantage;
  readonly loss: Loss;
  readonly filter: RolloutFilter | undefined;
  readonly shaping: RewardShaping | undefined;
  readonly recorders: readonly Recorder[];
  /** Hears what the run is doing, for live progress. */
  readonly onPhase: (phase: string) => void;
}
