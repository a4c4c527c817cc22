import { z } from "zod";
import { modelInputSchema } from "./model-input.ts";

export const tensorDataSchema = z.object({
  data: z.array(z.number()),
  dtype: z.enum(["int64", "float32"]).nullish(),
  shape: z.array(z.int().nonnegative()).nullish(),
});

/**
 * One training example. Every loss input has the length L of the model input (an image counts its tokens), and is shifted
 * already: `target_tokens[i]` follows position i.
 */
export const datumSchema = z.object({
  model_input: modelInputSchema,
  loss_fn_inputs: z.record(z.string(), tensorDataSchema),
  /**
   * Extension `prefix_chunks`: the leading chunks that are a prompt, which data with the same prompt share. Losses do not reach
   * into them; log-probabilities of their tokens come back as 0.
   */
  fovea_prefix_chunks: z.int().positive().optional(),
});

export type TensorData = z.output<typeof tensorDataSchema>;
export type Datum = z.output<typeof datumSchema>;
