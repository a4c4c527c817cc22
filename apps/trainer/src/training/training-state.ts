/** Where a run stands between two updates: with the policy, all that a resume needs. */
export interface TrainingState {
  /** Updates finished. */
  readonly step: number;
  /** Place in the task's order of train prompts. */
  readonly promptCursor: number;
  /** Response tokens sampled since step 0. */
  readonly totalTokens: number;
  /** Wall time of the updates so far. */
  readonly trainingSeconds: number;
}

export const initialTrainingState: TrainingState = { step: 0, promptCursor: 0, totalTokens: 0, trainingSeconds: 0 };
