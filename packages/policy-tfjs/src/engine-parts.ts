import type { PolicyContext } from "@fovea-rl/core";
import { type ConcreteBackendName, startBackend } from "./backend.ts";
import { resolveCheckpointDirectory } from "./checkpoint-directory.ts";
import { createExecutor } from "./create-executor.ts";
import type { Executor } from "./executor.ts";
import { type ImageProcessor, readImageProcessor } from "./image-processor.ts";
import { type ModelConfig, readModelConfig } from "./model-config.ts";
import { openModelWeights } from "./model-weights.ts";
import { parameterReader } from "./parameter-layout.ts";
import type { Parameters } from "./parameters.ts";
import type { TfjsPolicyOptions } from "./policy-options.ts";
import { readTokenizer, type Tokenizer } from "./tokenizer.ts";

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
  readonly executor: Executor;
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
  const weights = await openModelWeights(modelDirectory);
  try {
    // Before the first worker is started: a broken checkpoint leaves nothing behind.
    const read = parameterReader(config, weights.tensors, modelDirectory);
    const backend = await startBackend(options.backend);
    const executor = createExecutor(options, backend, config);
    const parameters = await executor.createParameters(read).catch(async (error: unknown) => {
      // Nobody else will: no policy has come of it.
      executor.acquire();
      await executor.release();
      throw error;
    });
    return { options, context, backend, modelDirectory, config, tokenizer, imageProcessor, parameters, executor };
  } finally {
    await weights.close();
  }
}
