import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FoveaError } from "@fovea-rl/core";

/** Whether a model is named as a path: a package name cannot start like one. */
function isPath(model: string): boolean {
  return isAbsolute(model) || model.startsWith("./") || model.startsWith("../");
}

/** The entry of a package, as seen from the first of these directories that has it, or else from this package. */
function packageEntry(model: string, directories: readonly string[]): string | undefined {
  for (const origin of [...directories.map((directory) => join(directory, "noop.js")), import.meta.url]) {
    try {
      return createRequire(origin).resolve(model);
    } catch {
      // Not found from here; the next place may have it.
    }
  }
  return undefined;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Finds the checkpoint directory that a policy's `model` option names.
 *
 * @param model a path, or the name of a package that exports `checkpointDirectory`.
 * @param baseDirectory where relative paths start.
 * @param packageDirectories where packages are looked up, in this order.
 * @throws FoveaError if there is neither such a directory nor such a package.
 */
export async function resolveCheckpointDirectory(
  model: string,
  baseDirectory: string,
  packageDirectories: readonly string[],
): Promise<string> {
  const path = resolve(baseDirectory, model);
  if (isDirectory(path)) return path;
  if (isPath(model)) throw new FoveaError(`policy option "model": there is no directory ${path}`);
  const entry = packageEntry(model, packageDirectories);
  if (entry === undefined) {
    throw new FoveaError(
      `policy option "model": "${model}" is neither a directory in ${baseDirectory} nor an installed package; install it with npm install ${model}, or give the path of a checkpoint directory`,
    );
  }
  const exported = (await import(pathToFileURL(entry).href)) as { readonly checkpointDirectory?: unknown };
  if (typeof exported.checkpointDirectory !== "string" || !isDirectory(exported.checkpointDirectory)) {
    throw new FoveaError(`policy option "model": the package "${model}" does not export a "checkpointDirectory"`);
  }
  return exported.checkpointDirectory;
}
