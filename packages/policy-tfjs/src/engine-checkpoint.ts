import { copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { z } from "zod";
import { AdamW, type AdamWOptions } from "./adamw.ts";
import { type ModelConfig, parseModelConfig } from "./model-config.ts";
import { readModelWeights, writeModelWeights } from "./model-weights.ts";
import { Parameters } from "./parameters.ts";
import { type NamedTensor, readSafetensors, type TensorMap, writeSafetensors } from "./safetensors.ts";
import { writeAside } from "./write-aside.ts";

const STATE_FILE = "engine-state.json";
const OPTIMISER_FILE = "optimiser.safetensors";
const REFERENCE_FILE = "reference.safetensors";
const FIRST_MOMENT = "first-moment.";
const SECOND_MOMENT = "second-moment.";

const stateSchema = z.strictObject({
  version: z.literal(1),
  optimiserSteps: z.int().min(0),
  hasReference: z.boolean(),
});

/** All of an engine that a run must find again. */
export interface EngineState {
  readonly parameters: Parameters;
  readonly optimiser: AdamW;
  /** `undefined` while nobody has asked for the reference policy. */
  readonly reference: Parameters | undefined;
}

/** Files of a model directory that belong to its tokenizer and processor: whatever is text and not written anew. */
async function companionFiles(directory: string): Promise<string[]> {
  const files = await readdir(directory);
  return files.filter(
    (file) =>
      /\.(json|jinja|txt|model)$/.test(file) && file !== STATE_FILE && !file.endsWith(".safetensors.index.json"),
  );
}

/**
 * Writes a checkpoint that transformers can open (config, tokenizer, weights), and beside it what training needs to go on.
 *
 * @param modelDirectory where the tokenizer's and processor's files are copied from.
 */
export async function writeEngineCheckpoint(
  directory: string,
  modelDirectory: string,
  state: EngineState,
): Promise<void> {
  for (const file of await companionFiles(modelDirectory)) {
    await copyFile(join(modelDirectory, file), join(directory, file));
  }
  await writeModelWeights(directory, await state.parameters.toCheckpoint());
  const moments = new Map<string, NamedTensor>();
  for (const [prefix, parameters] of [
    [FIRST_MOMENT, state.optimiser.firstMoments],
    [SECOND_MOMENT, state.optimiser.secondMoments],
  ] as const) {
    for (const [name, tensor] of await parameters.toCheckpoint()) moments.set(prefix + name, tensor);
  }
  await writeSafetensors(join(directory, OPTIMISER_FILE), moments);
  if (state.reference !== undefined) {
    await writeSafetensors(join(directory, REFERENCE_FILE), await state.reference.toCheckpoint());
  }
  const json = {
    version: 1,
    optimiserSteps: state.optimiser.steps,
    hasReference: state.reference !== undefined,
  } satisfies z.input<typeof stateSchema>;
  // Last, so that its presence says that all the rest is there.
  await writeAside(join(directory, STATE_FILE), [`${JSON.stringify(json, null, 2)}\n`]);
}

async function readState(path: string): Promise<z.output<typeof stateSchema>> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new FoveaError(
      `cannot read ${path}: ${error.message}; the checkpoint is not one of this engine, or not whole`,
    );
  });
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new FoveaError(`${path} is not the state of an engine this version can read`, { cause: error });
  }
}

function withoutPrefix(tensors: TensorMap, prefix: string): TensorMap {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}

/**
 * Reads what {@link writeEngineCheckpoint} wrote. Everything is read and checked before the first tensor is made.
 *
 * @throws FoveaError naming the file at fault, or saying that the checkpoint is of another model.
 */
export async function readEngineCheckpoint(
  directory: string,
  config: ModelConfig,
  optimiserOptions: AdamWOptions,
): Promise<EngineState> {
  const state = await readState(join(directory, STATE_FILE));
  const configPath = join(directory, "config.json");
  const source = await readFile(configPath, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new FoveaError(`cannot read ${configPath}: ${error.message}`, { cause: error });
  });
  const saved = parseModelConfig(source, configPath);
  for (const part of ["text", "vision", "scaleFactor", "modelType"] as const) {
    if (JSON.stringify(saved[part]) !== JSON.stringify(config[part])) {
      throw new FoveaError(`${configPath} describes another model than the one in use (they differ in "${part}")`);
    }
  }
  const weights = await readModelWeights(directory);
  const optimiserPath = join(directory, OPTIMISER_FILE);
  const moments = (await readSafetensors(optimiserPath)).tensors;
  const referencePath = join(directory, REFERENCE_FILE);
  const reference = state.hasReference ? (await readSafetensors(referencePath)).tensors : undefined;
  const made: Parameters[] = [];
  const make = (tensors: TensorMap, origin: string): Parameters => {
    const parameters = Parameters.fromCheckpoint(config, tensors, origin);
    made.push(parameters);
    return parameters;
  };
  try {
    const parameters = make(weights, directory);
    const first = make(withoutPrefix(moments, FIRST_MOMENT), optimiserPath);
    const second = make(withoutPrefix(moments, SECOND_MOMENT), optimiserPath);
    return {
      parameters,
      optimiser: new AdamW(optimiserOptions, first, second, state.optimiserSteps),
      reference: reference === undefined ? undefined : make(reference, referencePath),
    };
  } catch (error) {
    for (const parameters of made) parameters.dispose();
    throw error;
  }
}
