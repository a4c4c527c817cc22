import { z } from "zod";
import { ADAMW_DEFAULTS } from "./adamw.ts";
import { BACKEND_NAMES } from "./backend.ts";

const fraction = z.number().min(0).lt(1);

/** The options of the embedded engine, in a trainer's config under `policy.options`. */
export const policyOptionsSchema = z.strictObject({
  /**
   * A checkpoint directory in Hugging Face's layout, or the name of a package that exports `checkpointDirectory`. Relative paths
   * start at the config file's directory.
   */
  model: z.string().min(1).default("@fovea-rl/digits-base-policy"),
  backend: z.enum(BACKEND_NAMES).default("wasm"),
  optimiser: z
    .strictObject({
      beta1: fraction.default(ADAMW_DEFAULTS.beta1),
      beta2: fraction.default(ADAMW_DEFAULTS.beta2),
      epsilon: z.number().positive().default(ADAMW_DEFAULTS.epsilon),
      weightDecay: z.number().min(0).default(ADAMW_DEFAULTS.weightDecay),
    })
    .prefault({}),
  /** Largest number of padded tokens in one forward or backward pass: bounds memory, and changes nothing but rounding. */
  microBatchTokens: z.int().positive().default(8192),
  /** Largest number of responses that grow at once while sampling. Changes nothing but rounding. */
  samplingRows: z.int().positive().default(512),
  /**
   * Threads that sample, score and differentiate side by side, each with a backend and a copy of the weights; 1 is this thread alone.
   * Results are the same for any number. There is work for several only where a batch has several passes: see microBatchTokens and
   * samplingRows.
   */
  workers: z.int().positive().default(1),
  /** Show images whole although the checkpoint asks for them to be split into tiles, which is not supported. */
  ignoreImageSplitting: z.boolean().default(false),
});

export type TfjsPolicyOptions = z.output<typeof policyOptionsSchema>;
