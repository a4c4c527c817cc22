import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { FoveaError, type Policy } from "@fovea-rl/core";
import type { TrainingState } from "../training/training-state.ts";
import { writeError } from "./write-error.ts";
import { syncDirectory } from "./write-file-atomically.ts";

interface CheckpointManifest {
  readonly formatVersion: 1;
  readonly step: number;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

const MANIFEST = "checkpoint.json";
const STATE = "state.json";

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Files below a directory, relative to it, with `/`, sorted; its directories are flushed on the way when asked. */
async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

async function listDirectories(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return [
    directory,
    ...entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name)),
  ];
}

/** Steps that have a checkpoint, ascending. */
export async function checkpointSteps(checkpoints: string): Promise<readonly number[]> {
  const names = await readdir(checkpoints).catch(() => []);
  return names
    .map((name) => name.match(/^step-(\d+)$/)?.[1])
    .filter((step) => step !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

export function checkpointDirectory(checkpoints: string, step: number): string {
  return join(checkpoints, `step-${step}`);
}

/** Renamed first, so that a process killed meanwhile leaves no checkpoint with files missing. */
export async function removeCheckpoint(checkpoints: string, step: number): Promise<void> {
  const doomed = join(checkpoints, `.step-${step}.removed`);
  await rm(doomed, { recursive: true, force: true });
  await rename(checkpointDirectory(checkpoints, step), doomed);
  await rm(doomed, { recursive: true, force: true });
}

/** Removes what a killed process left of checkpoints it was writing or removing. */
export async function removeUnfinishedCheckpoints(checkpoints: string): Promise<void> {
  const names = await readdir(checkpoints).catch(() => []);
  for (const name of names.filter((candidate) => /^\.step-\d+\.(partial|removed)$/.test(candidate))) {
    await rm(join(checkpoints, name), { recursive: true, force: true });
  }
}

/**
 * Saves the policy and the place of the run as `step-N`: written aside, hashed, flushed, renamed. When it fails, earlier
 * checkpoints are untouched and nothing of the new one remains.
 */
export async function writeCheckpoint(checkpoints: string, state: TrainingState, policy: Policy): Promise<void> {
  const final = checkpointDirectory(checkpoints, state.step);
  const partial = join(checkpoints, `.step-${state.step}.partial`);
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(join(partial, "policy"), { recursive: true });
    await policy.save(join(partial, "policy"));
    await writeFile(join(partial, STATE), `${JSON.stringify({ formatVersion: 1, ...state }, null, 2)}\n`);
    const files: Record<string, { bytes: number; sha256: string }> = {};
    for (const name of await listFiles(partial)) {
      const path = join(partial, name);
      await syncFile(path);
      files[name] = { bytes: (await stat(path)).size, sha256: await hashFile(path) };
    }
    const manifest: CheckpointManifest = { formatVersion: 1, step: state.step, files };
    await writeFile(join(partial, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    await syncFile(join(partial, MANIFEST));
    for (const directory of await listDirectories(partial)) await syncDirectory(directory);
    await rename(partial, final);
    await syncDirectory(checkpoints);
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => {});
    throw writeError(error, final);
  }
}

/**
 * Checks every file of a checkpoint and reads the state in it.
 *
 * @throws FoveaError naming the file that is missing, changed or does not belong.
 */
export async function verifyCheckpoint(directory: string): Promise<TrainingState> {
  const read = async (name: string): Promise<unknown> => {
    try {
      return JSON.parse(await readFile(join(directory, name), "utf8"));
    } catch (cause) {
      throw new FoveaError(
        `the checkpoint ${directory} is broken: ${name} cannot be read (${(cause as Error).message})`,
        {
          cause,
        },
      );
    }
  };
  const manifest = (await read(MANIFEST)) as CheckpointManifest;
  if (manifest.formatVersion !== 1 || typeof manifest.files !== "object" || manifest.files === null) {
    throw new FoveaError(`the checkpoint ${directory} is broken: ${MANIFEST} is not one of format version 1`);
  }
  const present = (await listFiles(directory)).filter((name) => name !== MANIFEST);
  for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
    const path = join(directory, name);
    if (!present.includes(name)) throw new FoveaError(`the checkpoint ${directory} is broken: ${name} is missing`);
    const { size } = await stat(path);
    if (size !== bytes) {
      throw new FoveaError(
        `the checkpoint ${directory} is broken: ${name} has ${size} bytes, it was written with ${bytes}`,
      );
    }
    if ((await hashFile(path)) !== sha256) {
      throw new FoveaError(
        `the checkpoint ${directory} is broken: the content of ${name} has changed (SHA-256 differs)`,
      );
    }
  }
  const foreign = present.find((name) => !(name in manifest.files));
  if (foreign !== undefined) {
    throw new FoveaError(`the checkpoint ${directory} holds ${foreign}, which was not saved with it: remove that file`);
  }
  const { formatVersion: _, ...state } = (await read(STATE)) as TrainingState & { formatVersion: number };
  return state;
}
