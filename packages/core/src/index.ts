export type { Advantage, AdvantageInput, AdvantageOutput } from "./advantage.ts";
export type { Aggregation } from "./aggregation.ts";
export { aggregationSchema, aggregationWeights, responseLengths, weightedSum } from "./aggregation.ts";
export type { ClipRange } from "./clipped-surrogate.ts";
export { clippedSurrogate } from "./clipped-surrogate.ts";
export type { WeightedVerdict } from "./combine-verdicts.ts";
export { combineVerdicts } from "./combine-verdicts.ts";
export type { RunParts } from "./compose-run.ts";
export { composeRun } from "./compose-run.ts";
export { groupRewards, uniformCredit, withColumn } from "./credit.ts";
export { entropyPenalty } from "./entropy-penalty.ts";
export type { LossEvaluation, ScoredLossRollout } from "./evaluate-loss.ts";
export { evaluateLoss } from "./evaluate-loss.ts";
export { FoveaError } from "./fovea-error.ts";
export type { GroupAdvantage, GroupStatistics } from "./group-advantage.ts";
export {
  GROUP_ADVANTAGES,
  groupAdvantage,
  groupNormalisedAdvantage,
  groupStatistics,
  leaveOneOutAdvantage,
  meanCentredAdvantage,
} from "./group-advantage.ts";
export type { Image } from "./image.ts";
export { importanceRatio } from "./importance-ratio.ts";
export type { KlEstimator } from "./kl-estimator.ts";
export { estimateKl, KL_ESTIMATORS } from "./kl-estimator.ts";
export type { LearningRateSchedule } from "./learning-rate-schedule.ts";
export { learningRate } from "./learning-rate-schedule.ts";
export type { Loss, LossInput, LossOutput, MiniBatchSize } from "./loss.ts";
export type { LossRollout } from "./loss-input.ts";
export { createLossInput, miniBatchSize, padRows } from "./loss-input.ts";
export type { OverlongPenaltyOptions } from "./overlong-penalty.ts";
export { overlongPenalty } from "./overlong-penalty.ts";
export type { Perturbation } from "./perturbation.ts";
export type {
  AlgorithmDefinition,
  PluginDefinition,
  PolicyContext,
  PolicyDefinition,
  RecorderContext,
  RecorderDefinition,
  RunContext,
  TaskDefinition,
  VerifierDefinition,
} from "./plugin.ts";
export {
  defineAlgorithm,
  definePolicy,
  defineRecorder,
  defineTask,
  defineVerifier,
  SPECIFICATION_VERSION,
} from "./plugin.ts";
export type {
  Cancellable,
  Capability,
  GradientReport,
  GradientRequest,
  Policy,
  PolicyCapabilities,
  SampleRequest,
  SamplingOptions,
  ScoreOptions,
  ScoreRequest,
  Scorer,
  StepOptions,
  StepReport,
  TokenScores,
} from "./policy.ts";
export type { Message, MessagePart, Prompt } from "./prompt.ts";
export { withImages } from "./prompt.ts";
export type { RandomGenerator, RandomKey } from "./random-generator.ts";
export { philox4x32, randomGenerator } from "./random-generator.ts";
export { ratioMetrics } from "./ratio-metrics.ts";
export type { EvaluationRecord, Recorder, StepRecord } from "./recorder.ts";
export type { RewardShaping } from "./reward-shaping.ts";
export type { Credit, CreditedRollout, FinishReason, GradedRollout, Rollout, RolloutGroup } from "./rollout.ts";
export type { RolloutFilter } from "./rollout-filter.ts";
export { scoreRollouts } from "./score-rollouts.ts";
export { Services } from "./services.ts";
export { stopGradient } from "./stop-gradient.ts";
export type { Split, Task } from "./task.ts";
export { UnfinishedWorkError } from "./unfinished-work-error.ts";
export type { ExtraPasses, Usage, WorkAhead } from "./usage.ts";
export { validateCredit } from "./validate-credit.ts";
export type { Verdict, Verifier } from "./verifier.ts";
