import type { IndexedRecord } from "./rollout-record.ts";

/** Where rollouts of a run lie: what was trained on, what `fovea perceive` measured, what broke an update. */
export const ROLLOUT_FOLDERS = ["rollouts", "perception", "failures"] as const;
export type RolloutFolder = (typeof ROLLOUT_FOLDERS)[number];

/** One rollout in a list: what one searches and filters by. */
export interface RolloutRow {
  /** Path of the file in the run directory without its ending: `rollouts/step-10`. */
  readonly file: string;
  readonly step: number;
  readonly promptId: string;
  readonly sampleIndex: number;
  readonly family: string | undefined;
  readonly referenceAnswer: string;
  readonly text: string;
  readonly reward: number;
  /** The component `accuracy`, where there is one. */
  readonly accuracy: number | undefined;
  /** Response tokens. */
  readonly length: number;
  readonly finishReason: string;
  /** Mean visual dependency of its tokens; undefined where it was not measured. */
  readonly dependency: number | undefined;
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return values.length === 0 ? Number.NaN : sum / values.length;
}

export function rolloutRow(file: string, rollout: IndexedRecord): RolloutRow {
  return {
    file,
    step: rollout.step,
    promptId: rollout.promptId,
    sampleIndex: rollout.sampleIndex,
    family: rollout.family,
    referenceAnswer: rollout.referenceAnswer,
    text: rollout.text,
    reward: rollout.reward,
    accuracy: rollout.components["accuracy"],
    length: rollout.length,
    finishReason: rollout.finishReason,
    dependency: rollout.measured && meanOf(rollout.measured.dependency),
  };
}

/** A rollout is right when a verifier says so in full. */
export function isRight({ accuracy }: Pick<RolloutRow, "accuracy">): boolean {
  return accuracy !== undefined && accuracy >= 1;
}
