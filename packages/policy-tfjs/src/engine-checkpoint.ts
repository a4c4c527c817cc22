import { copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { z } from "zod";
import type { AdamW } from "./adamw.ts";
import { type ModelConfig, parseModelConfig } from "./model-config.ts";
import { readModelWeights, writeModelWeights } from "./model-weights.ts";
import { assembleParameters, type Parameters, type ParameterValues } from "./parameters.ts";
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

/** The same as a checkpoint keeps it. */
export interface SavedState {
  readonly parameters: ParameterValues;
  /** `undefined` before the first step. */
  readonly moments: { readonly first: ParameterValues; readonly second: ParameterValues } | undefined;
  readonly optimiserSteps: number;
  readonly reference: ParameterValues | undefined;
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
  const { moments } = state.optimiser;
  if (moments !== undefined) {
    const tensors = new Map<string, NamedTensor>();
    for (const [name, tensor] of await moments.first.toCheckpoint()) tensors.set(FIRST_MOMENT + name, tensor);
    for (const [name, tensor] of await moments.second.toCheckpoint()) tensors.set(SECOND_MOMENT + name, tensor);
    await writeSafetensors(join(directory, OPTIMISER_FILE), tensors);
  }
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
 * Reads what {@link writeEngineCheckpoint} wrote. Everything is read and checked: whoever asks gives up nothing before.
 *
 * @throws FoveaError naming the file at fault, or saying that the checkpoint is of another model.
 */
export async function readEngineCheckpoint(directory: string, config: ModelConfig): Promise<SavedState> {
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
  const parameters = assembleParameters(config, await readModelWeights(directory), directory);
  const referencePath = join(directory, REFERENCE_FILE);
  return {
    parameters,
    moments: state.optimiserSteps === 0 ? undefined : await readMoments(join(directory, OPTIMISER_FILE), config),
    optimiserSteps: state.optimiserSteps,
    reference: state.hasReference
      ? assembleParameters(config, (await readSafetensors(referencePath)).tensors, referencePath)
      : undefined,
  };
}

async function readMoments(path: string, config: ModelConfig): Promise<SavedState["moments"]> {
  const { tensors } = await readSafetensors(path);
  return {
    first: assembleParameters(config, withoutPrefix(tensors, FIRST_MOMENT), path),
    second: assembleParameters(config, withoutPrefix(tensors, SECOND_MOMENT), path),
  };
}
