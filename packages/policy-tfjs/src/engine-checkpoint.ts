import { copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { z } from "zod";
import { AdamW, type AdamWOptions } from "./adamw.ts";
import type { Executor } from "./executor.ts";
import { type ModelConfig, parseModelConfig } from "./model-config.ts";
import { openModelWeights, writeModelWeights } from "./model-weights.ts";
import { parameterReader, type ReadParameter } from "./parameter-layout.ts";
import type { Parameters } from "./parameters.ts";
import { openSafetensors, type StoredTensors, writeSafetensors } from "./safetensors.ts";
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
  await writeModelWeights(directory, state.parameters.toCheckpoint());
  const { moments } = state.optimiser;
  if (moments !== undefined) {
    const tensors = [
      ...withPrefix(moments.first.toCheckpoint(), FIRST_MOMENT),
      ...withPrefix(moments.second.toCheckpoint(), SECOND_MOMENT),
    ];
    await writeSafetensors(join(directory, OPTIMISER_FILE), new Map(tensors));
  }
  if (state.reference !== undefined) {
    await writeSafetensors(join(directory, REFERENCE_FILE), state.reference.toCheckpoint());
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

function withPrefix(tensors: StoredTensors, prefix: string): StoredTensors {
  return new Map([...tensors].map(([name, tensor]) => [prefix + name, tensor]));
}

function withoutPrefix(tensors: StoredTensors, prefix: string): StoredTensors {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}

async function checkModel(directory: string, config: ModelConfig): Promise<void> {
  const path = join(directory, "config.json");
  const source = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new FoveaError(`cannot read ${path}: ${error.message}`, { cause: error });
  });
  const saved = parseModelConfig(source, path);
  for (const part of ["text", "vision", "scaleFactor", "modelType"] as const) {
    if (JSON.stringify(saved[part]) !== JSON.stringify(config[part])) {
      throw new FoveaError(`${path} describes another model than the one in use (they differ in "${part}")`);
    }
  }
}

/**
 * Reads what {@link writeEngineCheckpoint} wrote. All files are there, whole and of this model before the first parameters are made.
 *
 * @param executor makes parameters of what is read; they are disposed if others cannot be.
 * @throws FoveaError naming the file at fault, or saying that the checkpoint is of another model.
 */
export async function readEngineCheckpoint(
  directory: string,
  config: ModelConfig,
  optimiserOptions: AdamWOptions,
  executor: Pick<Executor, "createParameters">,
): Promise<EngineState> {
  const { optimiserSteps, hasReference } = await readState(join(directory, STATE_FILE));
  await checkModel(directory, config);
  const made: Parameters[] = [];
  const make = async (read: ReadParameter): Promise<Parameters> => {
    const parameters = await executor.createParameters(read);
    made.push(parameters);
    return parameters;
  };
  const files: { close(): Promise<void> }[] = [];
  const open = async (opening: Promise<{ readonly tensors: StoredTensors; close(): Promise<void> }>) => {
    const file = await opening;
    files.push(file);
    return file.tensors;
  };
  try {
    const readWeights = parameterReader(config, await open(openModelWeights(directory)), directory);
    let readMoments: { readonly first: ReadParameter; readonly second: ReadParameter } | undefined;
    if (optimiserSteps > 0) {
      const path = join(directory, OPTIMISER_FILE);
      const moments = await open(openSafetensors(path));
      const first = parameterReader(config, withoutPrefix(moments, FIRST_MOMENT), path);
      readMoments = { first, second: parameterReader(config, withoutPrefix(moments, SECOND_MOMENT), path) };
    }
    let readReference: ReadParameter | undefined;
    if (hasReference) {
      const path = join(directory, REFERENCE_FILE);
      readReference = parameterReader(config, await open(openSafetensors(path)), path);
    }
    const parameters = await make(readWeights);
    const moments = readMoments && { first: await make(readMoments.first), second: await make(readMoments.second) };
    return {
      parameters,
      optimiser: new AdamW(optimiserOptions, moments, optimiserSteps),
      reference: readReference && (await make(readReference)),
    };
  } catch (error) {
    for (const parameters of made) parameters.dispose();
    throw error;
  } finally {
    for (const file of files) await file.close();
  }
}
