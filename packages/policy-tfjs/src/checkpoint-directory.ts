import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FoveaError } from "@fovea-rl/core";

/** Whether a model is named as a path: a package name cannot start like one. */
function isPath(model: string): boolean {
  return isAbsolute(model) || model.startsWith("./") || model.startsWith("../");
}

/** The entry of a package, looked up first where the config is, then beside this package. */
function packageEntry(model: string, baseDirectory: string): string | undefined {
  for (const origin of [join(baseDirectory, "config.js"), import.meta.url]) {
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
 * @throws FoveaError if there is neither such a directory nor such a package.
 */
export async function resolveCheckpointDirectory(model: string, baseDirectory: string): Promise<string> {
  const path = resolve(baseDirectory, model);
  if (isDirectory(path)) return path;
  if (isPath(model)) throw new FoveaError(`policy option "model": there is no directory ${path}`);
  const entry = packageEntry(model, baseDirectory);
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
