import { z } from "zod";
import { tensorDataSchema } from "./datum.ts";
import { foveaExtensionSchema } from "./extensions.ts";

export const createSessionResultSchema = z.object({
  session_id: z.string(),
  info_message: z.string().nullish(),
  warning_message: z.string().nullish(),
  error_message: z.string().nullish(),
});

/** What every operation answers at once: where its result can be had. */
export const acceptedSchema = z.object({
  request_id: z.string(),
  model_id: z.string().optional(),
  /** Something asked for that the server does otherwise. */
  warning_message: z.string().nullish(),
});

export const capabilitiesSchema = z.object({
  supported_models: z.array(
    z.object({ model_name: z.string().nullish(), max_context_length: z.int().positive().nullish() }),
  ),
  fovea: foveaExtensionSchema.optional(),
});

export const modelCreatedSchema = z.object({ model_id: z.string() });

export const forwardResultSchema = z.object({
  loss_fn_outputs: z.array(z.record(z.string(), tensorDataSchema)),
  metrics: z.record(z.string(), z.number()).default({}),
});

export const optimStepResultSchema = z.object({ metrics: z.record(z.string(), z.number()).nullish() });

export const savedWeightsSchema = z.object({ path: z.string() });

export const samplerSavedSchema = z.object({
  path: z.string().nullish(),
  sampling_session_id: z.string().nullish(),
});

export const samplingSessionSchema = z.object({ sampling_session_id: z.string() });

export const sampleResultSchema = z.object({
  sequences: z.array(
    z.object({
      tokens: z.array(z.int()),
      logprobs: z.array(z.number()).nullish(),
      stop_reason: z.enum(["stop", "length"]),
    }),
  ),
  prompt_logprobs: z.array(z.number().nullable()).nullish(),
});

export const modelInfoSchema = z.object({
  model_id: z.string().optional(),
  /** Extension `fingerprint`. */
  fovea_fingerprint: z.string().optional(),
});

/** A poll that came too early, or one of an operation that failed: told with status 200. */
export const tryAgainSchema = z.object({ type: z.literal("try_again"), queue_state: z.string().nullish() });
export const failedSchema = z.object({ error: z.string(), category: z.string().nullish() });

export type Capabilities = z.output<typeof capabilitiesSchema>;
export type ForwardResult = z.output<typeof forwardResultSchema>;
export type SampleResult = z.output<typeof sampleResultSchema>;
