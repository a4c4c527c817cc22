import type { ServiceIdentifier } from "inversify";
import type { Advantage } from "./advantage.ts";
import type { Loss } from "./loss.ts";
import type { Policy, Scorer } from "./policy.ts";
import type { Recorder } from "./recorder.ts";
import type { RewardShaping } from "./reward-shaping.ts";
import type { RolloutFilter } from "./rollout-filter.ts";
import type { Task } from "./task.ts";
import type { Verifier } from "./verifier.ts";

function identifier<Service>(name: string): ServiceIdentifier<Service> {
  // Symbol.for: two copies of this package in one node_modules must still agree.
  return Symbol.for(`@fovea-rl/core/${name}`);
}

/** Service identifiers of the container. Several Verifiers and Recorders may be bound; of the others at most one. */
export const Services = {
  Task: identifier<Task>("Task"),
  Policy: identifier<Policy>("Policy"),
  /** The Policy's scoring verb alone: what an Advantage with extra forward passes should inject. */
  Scorer: identifier<Scorer>("Scorer"),
  Advantage: identifier<Advantage>("Advantage"),
  Loss: identifier<Loss>("Loss"),
  RolloutFilter: identifier<RolloutFilter>("RolloutFilter"),
  RewardShaping: identifier<RewardShaping>("RewardShaping"),
  Verifier: identifier<Verifier>("Verifier"),
  Recorder: identifier<Recorder>("Recorder"),
} as const;
