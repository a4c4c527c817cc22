export type { Advantage, AdvantageInput, AdvantageOutput } from "./advantage.ts";
export type { WeightedVerdict } from "./combine-verdicts.ts";
export { combineVerdicts } from "./combine-verdicts.ts";
export type { RunParts } from "./compose-run.ts";
export { composeRun } from "./compose-run.ts";
export { FoveaError } from "./fovea-error.ts";
export type { Image } from "./image.ts";
export type { Loss, LossInput, LossOutput, MiniBatchSize } from "./loss.ts";
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
export type { EvaluationRecord, Recorder, StepRecord } from "./recorder.ts";
export type { RewardShaping } from "./reward-shaping.ts";
export type { Credit, CreditedRollout, FinishReason, GradedRollout, Rollout, RolloutGroup } from "./rollout.ts";
export type { RolloutFilter } from "./rollout-filter.ts";
export { Services } from "./services.ts";
export type { Split, Task } from "./task.ts";
export type { Verdict, Verifier } from "./verifier.ts";
