import type { PolicyContext } from "@fovea-rl/core";
import { type ConcreteBackendName, startBackend } from "./backend.ts";
import { resolveCheckpointDirectory } from "./checkpoint-directory.ts";
import { type ImageProcessor, readImageProcessor } from "./image-processor.ts";
import { type ModelConfig, readModelConfig } from "./model-config.ts";
import { readModelWeights } from "./model-weights.ts";
import { Parameters } from "./parameters.ts";
import { localExecutor, type PassExecutor } from "./pass-executor.ts";
import { checkGradientCheckpointing, type TfjsPolicyOptions } from "./policy-options.ts";
import { readTokenizer, type Tokenizer } from "./tokenizer.ts";
import { pooledExecutor } from "./worker-executor.ts";

/** What an engine is made of once its checkpoint is read. */
export interface EngineParts {
  readonly options: TfjsPolicyOptions;
  readonly context: PolicyContext;
  readonly backend: ConcreteBackendName;
  readonly modelDirectory: string;
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  /** `undefined` where the model has no vision part. */
  readonly imageProcessor: ImageProcessor | undefined;
  readonly parameters: Parameters;
  readonly executor: PassExecutor;
}

/** Reads the checkpoint that the options name, and starts their backend and workers. */
export async function openEngine(options: TfjsPolicyOptions, context: PolicyContext): Promise<EngineParts> {
  const { baseDirectory = process.cwd(), packageDirectories = [process.cwd()] } = context;
  const modelDirectory = await resolveCheckpointDirectory(options.model, baseDirectory, packageDirectories);
  const config = await readModelConfig(modelDirectory);
  const tokenizer = await readTokenizer(modelDirectory, config);
  const { ignoreImageSplitting } = options;
  const imageProcessor =
    config.vision === undefined
      ? undefined
      : await readImageProcessor(modelDirectory, config.vision.imageSize, { ignoreImageSplitting });
  const weights = await readModelWeights(modelDirectory);
  const backend = await startBackend(options.backend);
  checkGradientCheckpointing(options, backend);
  const parameters = Parameters.fromCheckpoint(config, weights, modelDirectory);
  const executor =
    options.workers > 1 ? pooledExecutor(options.workers, backend, config, parameters) : localExecutor(config);
  return { options, context, backend, modelDirectory, config, tokenizer, imageProcessor, parameters, executor };
}
