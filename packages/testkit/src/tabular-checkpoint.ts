import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FoveaError } from "@fovea-rl/core";

/** All that changes while a tabular policy trains. */
export interface TabularCheckpoint {
  readonly weights: Float32Array;
  readonly reference: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  readonly steps: number;
}

const FILE = "tabular-policy.bin";
const arrays = ["weights", "reference", "firstMoment", "secondMoment"] as const;

/** Four arrays one after the other, little-endian float32, then the step count as one float64. */
export async function writeTabularCheckpoint(directory: string, state: TabularCheckpoint): Promise<void> {
  const parts = arrays.map((name) => Buffer.from(state[name].buffer, state[name].byteOffset, state[name].byteLength));
  const steps = Buffer.alloc(8);
  steps.writeDoubleLE(state.steps);
  await writeFile(join(directory, FILE), Buffer.concat([...parts, steps]));
}

/** @throws FoveaError if the file is absent or not as long as a checkpoint of `length` weights is. */
export async function readTabularCheckpoint(directory: string, length: number): Promise<TabularCheckpoint> {
  const path = join(directory, FILE);
  const bytes = await readFile(path).catch((cause) => {
    throw new FoveaError(`cannot read the tabular policy's checkpoint ${path}`, { cause });
  });
  const expected = arrays.length * length * 4 + 8;
  if (bytes.byteLength !== expected) {
    throw new FoveaError(
      `${path} holds ${bytes.byteLength} bytes where a checkpoint of ${length} weights has ${expected}`,
    );
  }
  const part = (index: number) =>
    Float32Array.from({ length }, (_, entry) => bytes.readFloatLE((index * length + entry) * 4));
  return {
    weights: part(0),
    reference: part(1),
    firstMoment: part(2),
    secondMoment: part(3),
    steps: bytes.readDoubleLE(expected - 8),
  };
}
