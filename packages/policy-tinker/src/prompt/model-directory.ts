import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FoveaError } from "@fovea-rl/core";

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Finds the directory with a model's small files (config, tokenizer, chat template, preprocessor; no weights).
 *
 * @param name a path, or a package that exports `checkpointDirectory`.
 * @param packageDirectories where packages are looked up besides.
 */
export async function resolveModelDirectory(
  name: string,
  baseDirectory: string,
  packageDirectories: readonly string[] = [],
): Promise<string> {
  const path = resolve(baseDirectory, name);
  if (isDirectory(path)) return path;
  const origins = [baseDirectory, ...packageDirectories].map((directory) => join(directory, "noop.js"));
  for (const origin of [...origins, import.meta.url]) {
    let entry: string;
    try {
      entry = createRequire(origin).resolve(name);
    } catch {
      continue;
    }
    const { checkpointDirectory } = (await import(pathToFileURL(entry).href)) as { checkpointDirectory?: unknown };
    if (typeof checkpointDirectory === "string") return checkpointDirectory;
  }
  throw new FoveaError(
    `policy option "modelFiles": "${name}" is neither a directory in ${baseDirectory} nor a package that exports checkpointDirectory; ` +
      "it needs the model's config.json, tokenizer.json, tokenizer_config.json, chat template and preprocessor_config.json",
  );
}

/** A text file of the directory, or `undefined` if there is none. */
export async function readModelText(directory: string, file: string): Promise<string | undefined> {
  return readFile(join(directory, file), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new FoveaError(`cannot read ${join(directory, file)}: ${error.message}`, { cause: error });
  });
}

/** A JSON object of the directory, or `undefined` if there is no such file. */
export async function readModelJson(directory: string, file: string): Promise<Record<string, unknown> | undefined> {
  const text = await readModelText(directory, file);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new FoveaError(`${join(directory, file)} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  throw new FoveaError(`${join(directory, file)} must hold a JSON object`);
}
