import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { duplicateKey } from "./duplicate-keys.ts";

/** The text of a file of a checkpoint directory, or undefined where there is none. */
export async function readCheckpointText(directory: string, name: string): Promise<string | undefined> {
  const path = join(directory, name);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new FoveaError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** A JSON object of a checkpoint directory, or undefined where there is no such file. */
export async function readCheckpointJson(
  directory: string,
  name: string,
): Promise<Record<string, unknown> | undefined> {
  const text = await readCheckpointText(directory, name);
  if (text === undefined) return undefined;
  const path = join(directory, name);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new FoveaError(`${path} is not JSON`, { cause: error });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new FoveaError(`${path} must hold a JSON object`);
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw new FoveaError(`${path}: "${twice}" stands twice`);
  return parsed as Record<string, unknown>;
}
