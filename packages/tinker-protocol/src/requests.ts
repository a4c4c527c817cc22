import { z } from "zod";
import { datumSchema } from "./datum.ts";
import { randomKeySchema } from "./extensions.ts";
import { modelInputSchema } from "./model-input.ts";

// Not strict: clients of other versions send fields that change nothing here.

/** Names under which servers keep weights. */
export const weightsNameSchema = z.string().regex(/^[a-zA-Z0-9_-]{1,255}$/, "letters, digits, _ and -, at most 255");

/** Training operations of one model carry 1, 2, 3, ...: with the model's id, an idempotency key. */
const sequence = z.int().nonnegative().nullish();

export const createSessionRequestSchema = z.object({
  tags: z.array(z.string()),
  user_metadata: z.record(z.string(), z.unknown()).nullish(),
  sdk_version: z.string(),
});

export const sessionHeartbeatRequestSchema = z.object({ session_id: z.string() });

export const loraConfigSchema = z.object({
  /** 0 trains all weights. */
  rank: z.int().nonnegative(),
  seed: z.int().nullish(),
});

export const createModelRequestSchema = z.object({
  session_id: z.string(),
  /** Numbers the models of a session; with the session's id, an idempotency key. */
  model_seq_id: z.int().nonnegative().nullish(),
  base_model: z.string(),
  lora_config: loraConfigSchema.nullish(),
  model_role: z.string().optional(),
});

const forwardInputSchema = z.object({
  data: z.array(datumSchema).min(1),
  loss_fn: z.string(),
  loss_fn_config: z.record(z.string(), z.number()).nullish(),
});

export const forwardRequestSchema = z.object({
  model_id: z.string(),
  seq_id: sequence,
  forward_input: forwardInputSchema,
});

export const forwardBackwardRequestSchema = z.object({
  model_id: z.string(),
  seq_id: sequence,
  forward_backward_input: forwardInputSchema,
});

export const adamParamsSchema = z.object({
  learning_rate: z.number().nonnegative().default(1e-4),
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.95),
  eps: z.number().positive().default(1e-12),
  weight_decay: z.number().nonnegative().default(0),
  /** Largest global norm of the gradient; 0 does not clip. Older servers do not know it. */
  grad_clip_norm: z.number().nonnegative().default(0),
});

export const optimStepRequestSchema = z.object({
  model_id: z.string(),
  seq_id: sequence,
  adam_params: adamParamsSchema,
});

export const saveWeightsRequestSchema = z.object({ model_id: z.string(), seq_id: sequence, path: weightsNameSchema });

export const loadWeightsRequestSchema = z
  .object({
    model_id: z.string().nullish(),
    seq_id: sequence,
    /** In place of `model_id`: loads into a model that this request creates, `<session>:train:<number>`. */
    session_id: z.string().nullish(),
    model_seq_id: z.int().nonnegative().nullish(),
    path: z.string(),
    optimizer: z.boolean().default(true),
  })
  .refine((body) => typeof body.model_id === "string" || (body.session_id && typeof body.model_seq_id === "number"), {
    message: "either model_id, or session_id and model_seq_id, must be given",
  });

export const saveWeightsForSamplerRequestSchema = z
  .object({
    model_id: z.string(),
    seq_id: sequence,
    path: weightsNameSchema.nullish(),
    sampling_session_seq_id: z.int().nonnegative().nullish(),
  })
  .refine(({ path, sampling_session_seq_id }) => (path ?? sampling_session_seq_id ?? null) !== null, {
    message: "either path or sampling_session_seq_id must be given",
  });

export const createSamplingSessionRequestSchema = z.object({
  session_id: z.string(),
  sampling_session_seq_id: z.int().nonnegative(),
  base_model: z.string().nullish(),
  model_path: z.string().nullish(),
});

export const samplingParamsSchema = z.object({
  max_tokens: z.int().positive().nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.int()), z.array(z.string())]).nullish(),
  temperature: z.number().nonnegative().default(1),
  /** -1 or 0 keeps all tokens. */
  top_k: z.int().min(-1).default(-1),
  top_p: z.number().gt(0).max(1).default(1),
});

export const sampleRequestSchema = z.object({
  prompt: modelInputSchema,
  num_samples: z.int().positive().default(1),
  sampling_params: samplingParamsSchema,
  sampling_session_id: z.string().nullish(),
  seq_id: sequence,
  base_model: z.string().nullish(),
  model_path: z.string().nullish(),
  prompt_logprobs: z.boolean().nullish(),
  topk_prompt_logprobs: z.int().nonnegative().default(0),
  /** Extension `random_keys`: draws are those of the embedded engine by this key. */
  fovea_random_key: randomKeySchema.optional(),
  /** Extension `prefix_chunks`: the leading chunks whose tokens need no `prompt_logprobs`; requests share them. */
  fovea_prefix_chunks: z.int().positive().optional(),
});

export const retrieveFutureRequestSchema = z.object({ request_id: z.string() });
export const modelRequestSchema = z.object({ model_id: z.string() });

export type CreateModelRequest = z.output<typeof createModelRequestSchema>;
export type ForwardInput = z.output<typeof forwardInputSchema>;
export type AdamParams = z.output<typeof adamParamsSchema>;
export type SamplingParams = z.output<typeof samplingParamsSchema>;
export type SampleRequest = z.output<typeof sampleRequestSchema>;
