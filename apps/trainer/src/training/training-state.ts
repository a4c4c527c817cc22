/** Accuracy on held-out prompts with its 95 % Wilson interval. */
export interface AccuracyEstimate {
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly prompts: number;
}

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
  /** Of the base policy, once evaluated. */
  readonly before?: AccuracyEstimate;
}

export const initialTrainingState: TrainingState = { step: 0, promptCursor: 0, totalTokens: 0, trainingSeconds: 0 };
