import { randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { z } from "zod";

const FILE = "tinker-checkpoint.json";

const count = z.int().nonnegative();

const checkpointSchema = z.strictObject({
  version: z.literal(1),
  baseModel: z.string(),
  /** Where the server keeps weights and optimiser. */
  weights: z.string(),
  /** Where the reference policy's weights lie, if it is another than the base model. */
  referenceWeights: z.string().nullable(),
  lineage: z.string(),
  optimiserSteps: z.int().nonnegative(),
  /** Running totals, so that a resumed run's curves go on where they were. */
  totals: z.strictObject({
    prefilled: count,
    sampled: count,
    scored: count,
    trained: count,
    builtInPasses: count,
    correctedPasses: count,
  }),
  drift: z.strictObject({ mean: z.number(), maximum: z.number() }).nullable(),
});

/** What a checkpoint directory says of weights that stay on the server. */
export type RemoteCheckpoint = Omit<z.output<typeof checkpointSchema>, "version">;

export async function writeRemoteCheckpoint(directory: string, checkpoint: RemoteCheckpoint): Promise<void> {
  const path = join(directory, FILE);
  const aside = `${path}.${randomUUID()}`;
  await writeFile(aside, `${JSON.stringify({ version: 1, ...checkpoint }, null, 2)}\n`, { flush: true });
  await rename(aside, path);
}

/** @throws FoveaError if there is none, it is damaged, or it is of another base model. */
export async function readRemoteCheckpoint(directory: string, baseModel: string): Promise<RemoteCheckpoint> {
  const path = join(directory, FILE);
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new FoveaError(`cannot read ${path}: ${error.message}; the checkpoint is not one of the engine "tinker"`);
  });
  let checkpoint: z.output<typeof checkpointSchema>;
  try {
    checkpoint = checkpointSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new FoveaError(`${path} is damaged`, { cause: error });
  }
  if (checkpoint.baseModel !== baseModel) {
    throw new FoveaError(`${path} is of the base model "${checkpoint.baseModel}", not "${baseModel}"`);
  }
  return checkpoint;
}
