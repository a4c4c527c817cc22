export type { Datum, TensorData } from "./datum.ts";
export { datumSchema, tensorDataSchema } from "./datum.ts";
export type { FoveaExtension } from "./extensions.ts";
export { foveaExtensionSchema, randomKeySchema } from "./extensions.ts";
export type { ClipThresholds, LossFunction } from "./loss-function.ts";
export { clipThresholdsSchema, LOSS_FUNCTIONS, LOSS_INPUTS } from "./loss-function.ts";
export type { ImageChunk, ModelInput, ModelInputChunk } from "./model-input.ts";
export { modelInputChunkSchema, modelInputSchema } from "./model-input.ts";
export type { AdamParams, CreateModelRequest, ForwardInput, SampleRequest, SamplingParams } from "./requests.ts";
export {
  adamParamsSchema,
  createModelRequestSchema,
  createSamplingSessionRequestSchema,
  createSessionRequestSchema,
  forwardBackwardRequestSchema,
  forwardRequestSchema,
  loadWeightsRequestSchema,
  modelRequestSchema,
  optimStepRequestSchema,
  retrieveFutureRequestSchema,
  sampleRequestSchema,
  saveWeightsForSamplerRequestSchema,
  saveWeightsRequestSchema,
  sessionHeartbeatRequestSchema,
} from "./requests.ts";
export type { Capabilities, ForwardResult, SampleResult } from "./results.ts";
export {
  acceptedSchema,
  capabilitiesSchema,
  createSessionResultSchema,
  failedSchema,
  forwardResultSchema,
  modelCreatedSchema,
  modelInfoSchema,
  optimStepResultSchema,
  sampleResultSchema,
  samplerSavedSchema,
  samplingSessionSchema,
  savedWeightsSchema,
  tryAgainSchema,
} from "./results.ts";
export type { WeightsKind, WeightsPath } from "./weights-path.ts";
export { formatWeightsPath, parseWeightsPath } from "./weights-path.ts";
