import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type AlgorithmDefinition,
  FoveaError,
  type PolicyDefinition,
  type RecorderDefinition,
  SPECIFICATION_VERSION,
  type TaskDefinition,
  type VerifierDefinition,
} from "@fovea-rl/core";
import { createJiti } from "jiti";
import { suggestName } from "../configuration/nearest-name.ts";
import { validateOptions } from "../configuration/validate-options.ts";
import { builtInRecorders } from "../recorders/built-in-recorders.ts";
import { installedFirstPartyNames, type PluginKind, pluginCandidates } from "./first-party-names.ts";
import { resolvePackage } from "./package-resolver.ts";

interface Definitions {
  readonly algorithm: AlgorithmDefinition;
  readonly policy: PolicyDefinition;
  readonly task: TaskDefinition;
  readonly verifier: VerifierDefinition;
  readonly recorder: RecorderDefinition;
}

/** A plug-in found, with its options checked and completed by its own schema. */
export interface LoadedPlugin<Kind extends PluginKind = PluginKind> {
  readonly definition: Definitions[Kind];
  readonly options: unknown;
  /** The file it came from; undefined for what is part of the trainer. */
  readonly file: string | undefined;
}

async function importDefault(file: string): Promise<unknown> {
  // Node takes types off by itself from 22.18; before that a plug-in in TypeScript goes through jiti.
  const isTypeScript = /\.[mc]?ts$/.test(file);
  if (isTypeScript && !process.features.typescript && !process.env["VITEST"]) {
    return createJiti(pathToFileURL(file).href, { fsCache: false }).import(file, { default: true });
  }
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { default?: unknown };
  return module.default;
}

function checkDefinition<Kind extends PluginKind>(kind: Kind, use: string, value: unknown): Definitions[Kind] {
  const definition = value as Partial<Definitions[Kind]> | undefined;
  if (typeof definition !== "object" || definition === null || definition.kind === undefined) {
    throw new FoveaError(
      `"${use}" is no Fovea plug-in: its default export must come from define${kind[0]!.toUpperCase()}${kind.slice(1)}(...)`,
    );
  }
  if (definition.kind !== kind) {
    throw new FoveaError(
      `"${use}" is a plug-in of kind "${definition.kind}", but one of kind "${kind}" is needed here`,
    );
  }
  if (definition.specificationVersion !== SPECIFICATION_VERSION) {
    throw new FoveaError(
      `"${use}" was written for version ${String(definition.specificationVersion)} of Fovea's contracts; this trainer has version ${SPECIFICATION_VERSION}`,
    );
  }
  return definition as Definitions[Kind];
}

/** The file that a plug-in's name leads to. @throws FoveaError with the nearest first-party name. */
function findPlugin(kind: PluginKind, use: string, baseDirectory: string): string {
  if (/^\.{0,2}\//.test(use)) return resolve(baseDirectory, use);
  for (const candidate of pluginCandidates(kind, use)) {
    const file = resolvePackage(candidate, baseDirectory);
    if (file !== undefined) return file;
  }
  const known = [...installedFirstPartyNames(kind), ...(kind === "recorder" ? Object.keys(builtInRecorders) : [])];
  throw new FoveaError(
    `the ${kind} "${use}" was found neither from ${baseDirectory} nor among the trainer's packages${suggestName(use, known)}${
      /[/@]/.test(use) ? ` (to install a package: npm install ${use.match(/^(@[^/]+\/)?[^/]+/)?.[0]})` : ""
    }`,
  );
}

/**
 * Finds a plug-in, from the configuration's directory first and then among the trainer's packages.
 *
 * @throws FoveaError
 */
export async function loadDefinition<Kind extends PluginKind>(
  kind: Kind,
  use: string,
  baseDirectory: string,
): Promise<Omit<LoadedPlugin<Kind>, "options">> {
  const builtIn = kind === "recorder" ? builtInRecorders[use] : undefined;
  const file = builtIn ? undefined : findPlugin(kind, use, baseDirectory);
  let exported: unknown = builtIn;
  if (file !== undefined) {
    try {
      exported = await importDefault(file);
    } catch (cause) {
      throw new FoveaError(`the ${kind} "${use}" (${file}) does not load: ${(cause as Error).message}`, { cause });
    }
  }
  return { definition: checkDefinition(kind, use, exported), file };
}

/**
 * Finds a plug-in and checks its options.
 *
 * @param path where it stands in the configuration (`["algorithm"]`, `["rewards", 0]`), for messages.
 * @throws FoveaError
 */
export async function loadPlugin<Kind extends PluginKind>(
  kind: Kind,
  use: { readonly use: string; readonly options: Readonly<Record<string, unknown>> },
  baseDirectory: string,
  path: readonly (string | number)[],
): Promise<LoadedPlugin<Kind>> {
  const { definition, file } = await loadDefinition(kind, use.use, baseDirectory);
  const source = `the configuration of the ${kind} "${use.use}"`;
  const completed = await validateOptions(definition.optionsSchema, use.options, source, [...path, "options"]);
  // A resumed run reads its options from config.json: a new one must see the very same, or the two would differ.
  const options = await validateOptions(
    definition.optionsSchema,
    JSON.parse(JSON.stringify(completed)),
    `${source}, read back from config.json,`,
    [...path, "options"],
  );
  return { definition, options, file };
}
