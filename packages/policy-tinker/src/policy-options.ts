import { z } from "zod";
import { apiKeySourceSchema } from "./connection/api-key.ts";
import { pricesSchema } from "./training/usage.ts";

const fraction = z.number().min(0).lt(1);

export const serverSchema = z.strictObject({
  /** Where the server is, without /api/v1. */
  url: z.string().min(1).default("http://127.0.0.1:8000"),
  /** Where the key is found. Default: the environment variable TINKER_API_KEY, where it is set. */
  apiKey: apiKeySourceSchema.optional(),
  /** Lets a key travel unencrypted to another machine: for private networks alone. */
  allowPlainHttp: z.boolean().default(false),
});
export type ServerOptions = z.output<typeof serverSchema>;

/** The options of the remote engine, in a trainer's config under `policy.options`. */
export const policyOptionsSchema = z.strictObject({
  server: serverSchema.prefault({}),
  /** What the server calls the model. Default: the first that it offers. */
  baseModel: z.string().min(1).optional(),
  /**
   * A directory with the model's small files (config.json, tokenizer.json, tokenizer_config.json, chat template,
   * preprocessor_config.json; no weights), or a package that exports `checkpointDirectory`.
   */
  modelFiles: z.string().min(1).default("@fovea-rl/digits-base-policy"),
  /** Bounds on an image's pixels in place of those of preprocessor_config.json (Qwen-VL family). */
  images: z
    .strictObject({
      minimumPixels: z.int().positive().optional(),
      maximumPixels: z.int().positive().optional(),
    })
    .prefault({}),
  /** Rank of the adapter that is trained; 0 trains all weights. */
  lora: z.strictObject({ rank: z.int().nonnegative(), seed: z.int().optional() }).prefault({ rank: 0 }),
  optimiser: z
    .strictObject({
      beta1: fraction.default(0.9),
      beta2: fraction.default(0.999),
      epsilon: z.number().positive().default(1e-8),
      weightDecay: z.number().min(0).default(0.01),
    })
    .prefault({}),
  /**
   * Where a reference policy's log-probabilities come from: the base model on the same server (`base-model`), another server that
   * serves the same base model, or nowhere.
   */
  reference: z
    .union([
      z.literal("none"),
      z.literal("base-model"),
      z.strictObject({ server: serverSchema, baseModel: z.string().min(1) }),
    ])
    .default("base-model"),
  /**
   * Whose log-probabilities count as the behaviour policy's: the sampler's own (`sampler`), or a forward pass of the trainer
   * over the sampled tokens (`trainer`: one more pass, no drift between two implementations).
   */
  behaviourLogprobs: z.enum(["sampler", "trainer"]).default("sampler"),
  /** Mean |trainer's - sampler's log-probability| above which a warning is given, nats. */
  driftThreshold: z.number().positive().default(0.05),
  /** `auto`: where the server's own loss provably says the same, it is used, which spares a forward pass. */
  builtInLosses: z.enum(["auto", "never"]).default("auto"),
  /** Whether the server honours `grad_clip_norm`. Fovea's own servers say so themselves. */
  clipsGradients: z.boolean().default(false),
  /** Longest prompt and response together, where the server does not say it. */
  maximumContext: z.int().positive().optional(),
  /** Sampling requests under way at once. */
  concurrency: z.int().positive().default(32),
  /** Training examples in one request. */
  dataPerRequest: z.int().positive().default(256),
  /** How long the server may take to answer for the first time; afterwards operationSeconds counts. */
  openingSeconds: z.number().positive().default(60),
  /** One exchange that takes longer counts as lost. */
  exchangeSeconds: z.number().positive().default(120),
  /** An operation that takes longer, retries included, is given up. */
  operationSeconds: z.number().positive().default(3600),
  /** Waits between attempts grow from the one to the other, with jitter. */
  retry: z
    .strictObject({
      firstMilliseconds: z.number().positive().default(250),
      longestMilliseconds: z.number().positive().default(20_000),
    })
    .prefault({}),
  /** Per million tokens, for running totals. */
  prices: pricesSchema.optional(),
});

export type TinkerPolicyOptions = z.output<typeof policyOptionsSchema>;
