import { z } from "zod";

/** Mirrors the embedded engine's key of a random stream. */
export const randomKeySchema = z.object({
  seed: z.int(),
  purpose: z.string(),
  step: z.int().optional(),
  promptId: z.string(),
});

/**
 * What Fovea's own server can do beyond the protocol, declared in its capabilities. A client uses none of it where it is not
 * declared.
 */
export const foveaExtensionSchema = z.object({
  version: z.literal(1),
  /** All log-probabilities are those of logits divided by this temperature. */
  training_temperature: z.number().positive(),
  /** Tokens that an image takes; 0 where the model has no vision part. */
  image_tokens: z.int().nonnegative(),
  vocabulary_size: z.int().positive(),
  /** `asample` takes `fovea_random_key`. */
  random_keys: z.boolean(),
  /** Data take `fovea_prefix_chunks`. */
  prefix_chunks: z.boolean(),
  /** `optim_step` honours every field of `adam_params`, `grad_clip_norm` included, and tells `grad_norm`. */
  optimiser_fields: z.boolean(),
  /** `get_info` tells the SHA-256 of the weights. */
  fingerprint: z.boolean(),
});

export type FoveaExtension = z.output<typeof foveaExtensionSchema>;
