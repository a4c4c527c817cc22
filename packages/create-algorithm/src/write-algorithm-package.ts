import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type AlgorithmName, parseAlgorithmName } from "./algorithm-name.ts";
import { findFoveaWorkspace } from "./fovea-workspace.ts";
import { standaloneManifest, workspaceManifest } from "./package-manifest.ts";
import { templateFiles } from "./template-files.ts";
import { writeFiles } from "./write-files.ts";

export interface WrittenPackage extends AlgorithmName {
  /** Absolute. */
  readonly directory: string;
  /** The Fovea repository that it became part of; undefined for a package of its own. */
  readonly workspace: string | undefined;
}

/** The directory of an algorithm within the repository; it and the package's name follow the repository's pattern. */
function inWorkspace(workspace: string, { name }: AlgorithmName): AlgorithmName & { readonly directory: string } {
  return {
    name,
    packageName: `@fovea-rl/algo-${name}`,
    directory: join(workspace, "packages", `algo-${name}`),
  };
}

/**
 * Writes a package for a new algorithm: into `packages/algo-<name>` when called within the Fovea repository, else into a folder
 * of its name.
 *
 * @param requested `my-algorithm` or `@my-scope/my-algorithm`.
 * @param workingDirectory where the user is.
 * @throws CreateAlgorithmError for a bad name or an occupied place; nothing is written then.
 */
export function writeAlgorithmPackage(requested: string, workingDirectory: string): WrittenPackage {
  const parsed = parseAlgorithmName(requested);
  const workspace = findFoveaWorkspace(resolve(workingDirectory));
  const algorithm = workspace
    ? inWorkspace(workspace, parsed)
    : { ...parsed, directory: resolve(workingDirectory, parsed.name) };
  const manifest = workspace ? workspaceManifest(algorithm) : standaloneManifest(algorithm);
  writeFiles(algorithm.directory, {
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    LICENSE: readFileSync(new URL("../LICENSE", import.meta.url), "utf8"),
    ...templateFiles("shared", algorithm),
    ...templateFiles(workspace ? "workspace" : "standalone", algorithm),
  });
  return { ...algorithm, workspace };
}
