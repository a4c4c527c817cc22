import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { applyOverride } from "./apply-override.ts";
import { type Configuration, configurationSchema } from "./configuration.ts";
import { expandShorthands } from "./expand-shorthands.ts";
import { CONFIGURATION_FILES, readConfigurationFile } from "./read-configuration-file.ts";
import { validateOptions } from "./validate-options.ts";

export interface LoadedConfiguration {
  readonly configuration: Configuration;
  /** Absolute path of the file. */
  readonly file: string;
  /** Absolute directory that relative files and packages are resolved from. */
  readonly baseDirectory: string;
}

function findConfigurationFile(directory: string): string {
  const found = CONFIGURATION_FILES.map((name) => join(directory, name)).find((path) => existsSync(path));
  if (!found) {
    throw new FoveaError(
      `there is no configuration in ${directory}: write a fovea.config.ts (or .js, .json, .yaml), or name one: fovea train <config>`,
    );
  }
  return found;
}

function checkAcrossSections({ training }: Configuration, source: string): void {
  const { promptsPerUpdate, miniBatchesPerUpdate } = training;
  if (promptsPerUpdate % miniBatchesPerUpdate !== 0) {
    throw new FoveaError(
      `${source} does not fit: training.promptsPerUpdate (${promptsPerUpdate}) must be a multiple of training.miniBatchesPerUpdate (${miniBatchesPerUpdate}), so that all optimiser steps weigh the same`,
    );
  }
}

/**
 * The configuration of a file with overrides applied; plug-ins' own options are not checked yet.
 *
 * @param path file, or undefined for the `fovea.config.*` of the working directory.
 * @param overrides `path=value`, as of `--set`.
 * @throws FoveaError
 */
export async function loadConfiguration(
  path: string | undefined,
  overrides: readonly string[] = [],
): Promise<LoadedConfiguration> {
  const file = path === undefined ? findConfigurationFile(process.cwd()) : resolve(path);
  let raw = expandShorthands(await readConfigurationFile(file));
  for (const override of overrides) raw = expandShorthands(applyOverride(raw, override));
  const configuration = await validateOptions(configurationSchema, raw, basename(file));
  checkAcrossSections(configuration, basename(file));
  return { configuration, file, baseDirectory: resolve(dirname(file), configuration.baseDirectory ?? ".") };
}
