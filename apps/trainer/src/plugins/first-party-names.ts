import { readFileSync } from "node:fs";
import { type PackageManifest, trainerDirectory, trainerManifest } from "../trainer-package.ts";
import { resolvePackage } from "./package-resolver.ts";

export type PluginKind = "algorithm" | "policy" | "task" | "verifier" | "recorder";

/** What a short name stands for, by kind: `vppo` is `@fovea-rl/algo-vppo`. No plug-in is known to the trainer by name. */
const firstPartyPackages: Readonly<Record<PluginKind, (name: string) => string>> = {
  algorithm: (name) => `@fovea-rl/algo-${name}`,
  policy: (name) => `@fovea-rl/policy-${name}`,
  task: (name) => `@fovea-rl/tasks/${name}`,
  verifier: (name) => `@fovea-rl/rewards/${name}`,
  recorder: (name) => `@fovea-rl/recorder-${name}`,
};

/** Packages and files to try for a name in a configuration, best first. */
export function pluginCandidates(kind: PluginKind, name: string): readonly string[] {
  const isShort = !/[/@:]/.test(name) && !name.startsWith(".");
  return isShort ? [firstPartyPackages[kind](name), name] : [name];
}

function exportNames(manifestPath: string): readonly string[] {
  const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as PackageManifest;
  return Object.keys(manifest.exports ?? {})
    .filter((name) => name !== "." && name !== "./package.json")
    .map((name) => name.slice(2));
}

/** Short names of a kind that come with the trainer, for suggestions and `fovea doctor`. */
export function installedFirstPartyNames(kind: PluginKind): readonly string[] {
  const prefix = firstPartyPackages[kind]("");
  if (prefix.endsWith("/")) {
    const manifest = resolvePackage(`${prefix}package.json`, trainerDirectory);
    return manifest ? exportNames(manifest) : [];
  }
  return Object.keys(trainerManifest().dependencies ?? {})
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
}
