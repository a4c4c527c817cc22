import { z } from "zod";

const options = z.record(z.string(), z.unknown()).default({});

/** A plug-in and its options: a short first-party name (`vppo`), a package, or a file (`./my-algorithm.ts`). */
const plugin = z.strictObject({ use: z.string().min(1), options });

const comparedAlgorithm = plugin.extend({
  /** What the comparison calls it, and its runs' directories after it; default: the algorithm's name. */
  label: z
    .string()
    .min(1, { error: "must not be empty", abort: true })
    .max(100)
    .regex(
      /^[a-z0-9][\w.+=-]*( [\w.+=-]+)*$/i,
      "must be fit for a directory's name: letters a to z, digits, single spaces and . _ + - =, a letter or digit first",
    )
    .optional(),
});

const reward = z.strictObject({
  use: z.string().min(1),
  /** Factor of this verifier's reward in the sum. */
  weight: z.number().default(1),
  options,
});

const sampling = z.strictObject({
  /** Of sampling and of training: log-probabilities are those of logits divided by it. */
  temperature: z.number().positive().default(1),
  topP: z.number().gt(0).max(1).default(1),
  /** Only the k most probable tokens; 0 keeps all. */
  topK: z.int().min(0).default(0),
  /** Length limit of a response in tokens. */
  maximumTokens: z.int().min(1).default(64),
});

const learningRate = z.strictObject({
  /** No default: it depends on the model. */
  peak: z.number().positive(),
  schedule: z.enum(["constant", "cosine"]).default("constant"),
  /** Updates of linear rise to the peak. */
  warmUpUpdates: z.int().min(0).default(0),
  /** What a cosine falls to at the last update. */
  final: z.number().min(0).default(0),
});

const training = z.strictObject({
  /** Policy updates: rounds of sampling and learning. */
  updates: z.int().min(1).default(200),
  promptsPerUpdate: z.int().min(1).default(32),
  /** The group size G. */
  rolloutsPerPrompt: z.int().min(1).default(8),
  /** Optimiser steps of one update; must divide promptsPerUpdate. */
  miniBatchesPerUpdate: z.int().min(1).default(2),
  learningRate,
  /** Gradients are scaled down to this L2 norm; null leaves them as they are. */
  maximumGradientNorm: z.number().positive().nullable().default(1),
});

const evaluation = z.strictObject({
  /** Held-out prompts before the first and after the last update; 0 turns evaluation off. */
  prompts: z.int().min(0).default(1000),
  /** Evaluate every so many updates in between; 0 never. */
  everyUpdates: z.int().min(0).default(0),
  /** Held-out prompts of an evaluation in between. */
  progressPrompts: z.int().min(1).default(200),
  /** Prompts sampled at once. */
  batchPrompts: z.int().min(1).default(250),
});

const checkpoints = z.strictObject({
  /** 0 saves after the last update only. */
  everyUpdates: z.int().min(0).default(50),
  /** Newest checkpoints that stay. */
  keep: z.int().min(1).default(2),
});

/** A run's configuration after shorthands (`algorithm: "vppo"`) are written out. */
export const configurationSchema = z.strictObject({
  formatVersion: z.literal(1).default(1),
  /** Where relative files and packages are resolved from, relative to the configuration file; default its directory. */
  baseDirectory: z.string().optional(),
  run: z
    .strictObject({
      /** Default: task, algorithm and seed, and a number if that is taken. */
      name: z
        .string()
        .regex(/^[\w][\w.+-]*$/, "must be a directory name of letters, digits, and . _ + -")
        .optional(),
      /** Directory of runs, relative to the working directory. */
      directory: z.string().min(1).default("runs"),
    })
    .prefault({}),
  seed: z.int().default(1),
  algorithm: plugin,
  policy: plugin,
  task: plugin,
  rewards: z
    .array(reward)
    .min(1)
    .default([{ use: "boxed-answer", weight: 1, options: {} }]),
  sampling: sampling.prefault({}),
  training,
  evaluation: evaluation.prefault({}),
  checkpoints: checkpoints.prefault({}),
  recorders: z.array(plugin).default([
    { use: "tensorboard", options: {} },
    { use: "rollouts", options: {} },
  ]),
  /** What `fovea compare` compares unless its command line says so. */
  comparison: z
    .strictObject({
      /** With the options each is to be compared with; the first is what the others are measured against. Settings of one algorithm have labels. */
      algorithms: z.array(comparedAlgorithm).default([]),
      seeds: z.array(z.int()).min(1).default([1, 2, 3]),
    })
    .prefault({}),
});

export type Configuration = z.output<typeof configurationSchema>;
export type PluginUse = z.output<typeof plugin>;

/** A plug-in as a configuration file names it: alone for its defaults, or with options. */
export type PluginInput = string | { readonly use: string; readonly options?: Readonly<Record<string, unknown>> };

/** An algorithm as a comparison names it: a label tells two settings of one algorithm apart. */
export type ComparedAlgorithmInput =
  | string
  | { readonly label?: string; readonly use: string; readonly options?: Readonly<Record<string, unknown>> };

/** What a configuration file may hold. */
export type ConfigurationInput = Omit<
  z.input<typeof configurationSchema>,
  "algorithm" | "policy" | "task" | "rewards" | "recorders" | "comparison"
> & {
  algorithm: PluginInput;
  policy: PluginInput;
  task: PluginInput;
  rewards?: readonly (string | z.input<typeof reward>)[];
  recorders?: readonly PluginInput[];
  comparison?: { readonly algorithms?: readonly ComparedAlgorithmInput[]; readonly seeds?: readonly number[] };
};
