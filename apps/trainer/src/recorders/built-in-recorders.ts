import type { RecorderDefinition } from "@fovea-rl/core";
import rollouts from "./rollout-recorder.ts";
import tensorboard from "./tensorboard-recorder.ts";

/** Recorders that are part of the trainer, by the name a configuration uses. metrics.jsonl and the console need no mention. */
export const builtInRecorders: Readonly<Record<string, RecorderDefinition>> = {
  rollouts: rollouts as RecorderDefinition,
  tensorboard: tensorboard as RecorderDefinition,
};
