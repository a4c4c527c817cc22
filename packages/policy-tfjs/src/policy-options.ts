import { FoveaError } from "@fovea-rl/core";
import { z } from "zod";
import { ADAMW_DEFAULTS } from "./adamw.ts";
import { BACKEND_NAMES, type ConcreteBackendName } from "./backend.ts";
import type { ModelConfig } from "./model-config.ts";

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
  /**
   * Largest number of padded tokens in one forward or backward pass: bounds memory, and changes nothing but rounding. Left out, it is
   * 1024 on wasm, where small passes cost nothing and workers share them; more where four prompts are, as long as activations take about
   * 384 MiB at most. On tensorflow it is as many as take that, at most 8192, and 8192 on a GPU.
   */
  microBatchTokens: z.int().positive().optional(),
  /**
   * Largest number of responses that grow at once while sampling. Changes nothing but rounding. Left out, 128 on wasm and tensorflow,
   * 512 elsewhere.
   */
  samplingRows: z.int().positive().optional(),
  /**
   * Threads that sample, score and differentiate side by side on the same weights; 1 is this thread alone. On tensorflow they
   * only sample: TensorFlow uses all cores by itself. Results are the same for any number. There is work for several only where a batch
   * has several passes: see microBatchTokens and samplingRows.
   */
  workers: z.int().positive().default(1),
  /**
   * Keep of each layer only what goes in and out of it, and run it again for its gradient (Chen et al. 2016): less memory for a third
   * more computing. Not on wasm, whose passes are small enough without.
   */
  gradientCheckpointing: z.boolean().default(false),
  /** Show images whole although the checkpoint asks for them to be split into tiles, which is not supported. */
  ignoreImageSplitting: z.boolean().default(false),
});

export type TfjsPolicyOptions = z.output<typeof policyOptionsSchema>;

/** @throws FoveaError if the backend cannot do what the options ask for. */
export function checkGradientCheckpointing(
  { gradientCheckpointing }: Pick<TfjsPolicyOptions, "gradientCheckpointing">,
  backend: string,
): void {
  if (!gradientCheckpointing || backend !== "wasm") return;
  throw new FoveaError(
    'policy option "gradientCheckpointing": the backend "wasm" has none; lower microBatchTokens for less memory there',
  );
}

/** Bytes that a training pass may keep for its gradient, where nobody says how many tokens it is to take. */
const ACTIVATION_BYTES = 384 * 2 ** 20;
const MOST_TOKENS = 8192;

/**
 * About how many bytes of a token TensorFlow.js's operations keep for the gradient: projections twice, ten rows of the residual's width,
 * three of the feed-forward's.
 */
function activationBytes({ text }: Pick<ModelConfig, "text">): number {
  const projected = (text.heads + 2 * text.keyValueHeads) * text.headDimension;
  return 4 * text.layers * (2 * projected + 10 * text.hiddenSize + 3 * text.intermediateSize);
}

/** Tokens of passes that small models have on wasm: workers share them, and larger ones are no faster. */
const SMALL_PASS = 1024;
/** A group's prompt is run once for all of its rollouts that share a pass: it should be a small part of one. */
const PROMPTS_IN_A_PASS = 4;

/**
 * Padded tokens that a scoring or training pass may take, as the options say or as suits the backend and the model.
 *
 * @param longestPrompt of those that are to be passed, in tokens.
 */
export function microBatchTokens(
  options: Pick<TfjsPolicyOptions, "microBatchTokens">,
  backend: ConcreteBackendName,
  model: Pick<ModelConfig, "text">,
  longestPrompt: number,
): number {
  if (options.microBatchTokens !== undefined) return options.microBatchTokens;
  const affordable = Math.max(1, Math.min(MOST_TOKENS, Math.floor(ACTIVATION_BYTES / activationBytes(model))));
  if (backend === "wasm") return Math.max(SMALL_PASS, Math.min(affordable, PROMPTS_IN_A_PASS * longestPrompt));
  return backend === "tensorflow" ? affordable : MOST_TOKENS;
}

/** Responses that may grow at once, as the options say or as suits the backend. */
export function samplingRows(options: Pick<TfjsPolicyOptions, "samplingRows">, backend: ConcreteBackendName): number {
  const samplesInWasm = backend === "wasm" || backend === "tensorflow";
  return options.samplingRows ?? (samplesInWasm ? 128 : 512);
}
