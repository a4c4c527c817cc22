import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { pathToFileURL } from "node:url";
import { FoveaError } from "@fovea-rl/core";
import { createJiti } from "jiti";
import { parse } from "yaml";
import { defineConfig } from "../define-config.ts";

export const CONFIGURATION_FILES = ["ts", "mts", "js", "mjs", "json", "yaml", "yml"].map(
  (end) => `fovea.config.${end}`,
);

async function readModule(path: string): Promise<unknown> {
  // The file may stand in a folder where nothing is installed: what it imports from the trainer is given to it.
  const jiti = createJiti(pathToFileURL(path).href, {
    fsCache: false,
    moduleCache: false,
    virtualModules: { "@fovea-rl/trainer": { defineConfig } },
  });
  return jiti.import(path, { default: true });
}

/**
 * The content of a configuration file, unchecked.
 *
 * @param path absolute
 * @throws FoveaError naming the file, and the line where the parser knows it.
 */
export async function readConfigurationFile(path: string): Promise<Record<string, unknown>> {
  let content: unknown;
  try {
    const extension = extname(path);
    if (extension === ".json") content = JSON.parse(await readFile(path, "utf8"));
    else if (extension === ".yaml" || extension === ".yml") content = parse(await readFile(path, "utf8"));
    else if (/^\.[mc]?[jt]s$/.test(extension)) content = await readModule(path);
    else throw new FoveaError(`a configuration is a .ts, .js, .json or .yaml file, which "${basename(path)}" is not`);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT" && String((cause as Error).message).includes(path)) {
      throw new FoveaError(`there is no configuration file ${path}`, { cause });
    }
    if (cause instanceof FoveaError) throw cause;
    throw new FoveaError(`cannot read the configuration ${path}: ${(cause as Error).message}`, { cause });
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new FoveaError(
      `${path} must hold a configuration object${/\.[mc]?[jt]s$/.test(path) ? " as its default export" : ""}`,
    );
  }
  return content as Record<string, unknown>;
}
