import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { duplicateKey } from "./duplicate-keys.ts";
import {
  type NamedTensor,
  type OpenSafetensors,
  openSafetensors,
  readTensors,
  type StoredTensor,
  type TensorMap,
  type WritableTensors,
  writeSafetensors,
} from "./safetensors.ts";
import { shapeSize } from "./shape-size.ts";
import { writeAside } from "./write-aside.ts";

const SINGLE_FILE = "model.safetensors";
const INDEX_FILE = "model.safetensors.index.json";

async function readIndex(path: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path, "utf8");
  let weightMap: unknown;
  try {
    weightMap = (JSON.parse(text) as { weight_map?: unknown } | null)?.weight_map;
  } catch (error) {
    throw new FoveaError(`${path} is not JSON`, { cause: error });
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw new FoveaError(`${path}: "${twice}" stands twice`);
  if (typeof weightMap !== "object" || weightMap === null || Array.isArray(weightMap)) {
    throw new FoveaError(`${path}: "weight_map" must map tensor names to file names`);
  }
  for (const [name, file] of Object.entries(weightMap)) {
    if (typeof file !== "string" || file !== basename(file) || !file.endsWith(".safetensors")) {
      throw new FoveaError(
        `${path}: "${name}" must lie in a .safetensors file of the same directory, not in ${JSON.stringify(file)}`,
      );
    }
  }
  return new Map(Object.entries(weightMap as Record<string, string>));
}

async function openShards(directory: string): Promise<OpenWeights> {
  const indexPath = join(directory, INDEX_FILE);
  const index = await readIndex(indexPath);
  const tensors = new Map<string, StoredTensor>();
  const shards: OpenSafetensors[] = [];
  const close = async () => {
    for (const shard of shards) await shard.close();
  };
  try {
    for (const file of new Set(index.values())) {
      const shard = await openSafetensors(join(directory, file));
      shards.push(shard);
      for (const [name, tensor] of shard.tensors) {
        if (index.get(name) !== file) {
          const claimed = index.get(name) ?? "no file";
          throw new FoveaError(
            `${join(directory, file)}: the tensor "${name}" is here, but ${INDEX_FILE} puts it in ${claimed}`,
          );
        }
        tensors.set(name, tensor);
      }
    }
    for (const [name, file] of index) {
      if (!tensors.has(name))
        throw new FoveaError(`${join(directory, file)}: the tensor "${name}" of ${INDEX_FILE} is missing`);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { tensors, close };
}

/** Weights that are read one by one. */
export type OpenWeights = Pick<OpenSafetensors, "tensors" | "close">;

/**
 * Opens the weights of a checkpoint directory: `model.safetensors`, or the shards that `model.safetensors.index.json` lists. Where both
 * are there the single file counts, as for transformers.
 *
 * @throws FoveaError naming the file and the tensor at fault, or saying that the directory holds no weights.
 */
export async function openModelWeights(directory: string): Promise<OpenWeights> {
  const files = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    throw new FoveaError(`cannot read the checkpoint directory ${directory}: ${error.message}`, { cause: error });
  });
  if (files.includes(SINGLE_FILE)) return openSafetensors(join(directory, SINGLE_FILE));
  if (files.includes(INDEX_FILE)) return openShards(directory);
  throw new FoveaError(`${directory} holds no weights: it needs ${SINGLE_FILE}, or shards with ${INDEX_FILE}`);
}

/** All weights of a checkpoint directory, in memory. @throws FoveaError as {@link openModelWeights}. */
export async function readModelWeights(directory: string): Promise<TensorMap> {
  const weights = await openModelWeights(directory);
  try {
    return await readTensors(weights.tensors);
  } finally {
    await weights.close();
  }
}

/** Bytes of a tensor as it is written: in float32. */
function byteLength({ shape }: Pick<NamedTensor, "shape">): number {
  return 4 * shapeSize(shape);
}

/** Fills shards in the order of names, each up to the limit; a tensor above the limit gets a shard of its own. */
function splitIntoShards(tensors: WritableTensors, maximumBytes: number): Map<string, NamedTensor | StoredTensor>[] {
  const shards: Map<string, NamedTensor | StoredTensor>[] = [];
  let room = 0;
  for (const name of [...tensors.keys()].sort()) {
    const tensor = tensors.get(name)!;
    const bytes = byteLength(tensor);
    if (shards.length === 0 || bytes > room) {
      shards.push(new Map());
      room = maximumBytes;
    }
    shards.at(-1)!.set(name, tensor);
    room -= bytes;
  }
  return shards;
}

export interface WriteWeightsOptions {
  /** Largest size of one file's tensors, in bytes. Default 5 GB, as transformers' is. */
  readonly maximumShardBytes?: number;
}

/**
 * Writes weights as float32 safetensors: one `model.safetensors`, or shards and their index where they exceed the maximum.
 *
 * @param directory must exist, and hold no weights under other names than those written: a reader could not tell which count.
 */
export async function writeModelWeights(
  directory: string,
  tensors: WritableTensors,
  { maximumShardBytes = 5_000_000_000 }: WriteWeightsOptions = {},
): Promise<void> {
  if (!(maximumShardBytes > 0)) throw new FoveaError(`maximumShardBytes must be positive, not ${maximumShardBytes}`);
  const shards = splitIntoShards(tensors, maximumShardBytes);
  const total = String(shards.length).padStart(5, "0");
  const names = shards.map((_, index) =>
    shards.length === 1 ? SINGLE_FILE : `model-${String(index + 1).padStart(5, "0")}-of-${total}.safetensors`,
  );
  const files = shards.length === 1 ? names : [...names, INDEX_FILE];
  const stale = (await readdir(directory)).find(
    (file) => (file.endsWith(".safetensors") || file === INDEX_FILE) && !files.includes(file),
  );
  if (stale !== undefined) {
    throw new FoveaError(
      `${directory} already holds ${stale}, which the weights to be written would not replace; write to an empty directory`,
    );
  }
  for (const [index, shard] of shards.entries()) await writeSafetensors(join(directory, names[index]!), shard);
  if (shards.length === 1) return;
  const weightMap = Object.fromEntries(
    shards.flatMap((shard, index) => [...shard.keys()].map((name) => [name, names[index]!])),
  );
  const totalBytes = [...tensors.values()].reduce((sum, tensor) => sum + byteLength(tensor), 0);
  // The index last: until it is there, a half-written set of shards is no checkpoint.
  const index = { metadata: { total_size: totalBytes }, weight_map: weightMap };
  await writeAside(join(directory, INDEX_FILE), [`${JSON.stringify(index, null, 2)}\n`]);
}
