import { existsSync, readFileSync } from "node:fs";
import { arch, cpus, hostname, platform, totalmem } from "node:os";
import { dirname, join } from "node:path";
import type { Policy, Task } from "@fovea-rl/core";
import { resolvePackage } from "../plugins/package-resolver.ts";
import { type PackageManifest, trainerManifest } from "../trainer-package.ts";
import type { UsageEstimate } from "../training/estimate-usage.ts";
import { type GitState, gitState } from "./git-state.ts";

/** What a run was made of: manifest.json. */
export interface RunManifest {
  readonly formatVersion: 1;
  readonly createdAt: string;
  readonly command: readonly string[];
  readonly seed: number;
  readonly packages: Readonly<Record<string, string>>;
  readonly node: string;
  readonly algorithm: string;
  readonly task: string;
  readonly taskFingerprint: string;
  readonly baseWeights: string;
  readonly policy: Readonly<Record<string, string | number | boolean>>;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly git?: GitState;
  /** Told before the first update by an engine whose work costs something. */
  readonly estimatedUsage?: UsageEstimate;
}

/** Name and version of the package that a file belongs to. */
export function packageOf(file: string): { readonly name: string; readonly version: string } | undefined {
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const path = join(directory, "package.json");
    if (existsSync(path)) {
      const { name, version } = JSON.parse(readFileSync(path, "utf8")) as Partial<PackageManifest>;
      if (name !== undefined && version !== undefined) return { name, version };
    }
    if (directory === dirname(directory)) return undefined;
  }
}

/** Versions of the trainer, its first-party packages, the tensor library and the given plug-in files. */
function packageVersions(files: readonly string[], baseDirectory: string): Record<string, string> {
  const own = trainerManifest();
  const names = Object.keys(own.dependencies ?? {}).filter((name) => name.startsWith("@fovea-rl/"));
  const found = [...names, "@tensorflow/tfjs-core"]
    .map((name) => resolvePackage(name, baseDirectory) ?? resolvePackage(`${name}/package.json`, baseDirectory))
    .concat(files)
    .flatMap((file) => {
      const manifest = file === undefined ? undefined : packageOf(file);
      return manifest ? [[manifest.name, manifest.version] as const] : [];
    });
  const versions = new Map([[own.name, own.version] as const, ...found]);
  return Object.fromEntries([...versions].sort(([a], [b]) => a.localeCompare(b)));
}

export interface ManifestInput {
  readonly seed: number;
  readonly algorithm: string;
  readonly policy: Policy;
  readonly task: Task;
  /** Files that the run's plug-ins came from. */
  readonly pluginFiles: readonly string[];
  readonly baseDirectory: string;
  readonly command: readonly string[];
  readonly estimatedUsage: UsageEstimate | undefined;
  /** Ends the engine's part of it. */
  readonly signal: AbortSignal | undefined;
}

export async function describeRun(input: ManifestInput): Promise<RunManifest> {
  const { seed, algorithm, policy, task, pluginFiles, baseDirectory, command, estimatedUsage, signal } = input;
  const git = gitState(baseDirectory);
  const processors = cpus();
  return {
    formatVersion: 1,
    createdAt: new Date().toISOString(),
    command,
    seed,
    packages: packageVersions(pluginFiles, baseDirectory),
    node: process.version,
    algorithm,
    task: task.name,
    taskFingerprint: await task.fingerprint(),
    baseWeights: await policy.fingerprint({ signal }),
    policy: { name: policy.name, ...policy.describe() },
    machine: {
      platform: platform(),
      architecture: arch(),
      processor: processors[0]?.model ?? "unknown",
      cores: processors.length,
      memoryBytes: totalmem(),
      hostname: hostname(),
    },
    ...(git ? { git } : {}),
    ...(estimatedUsage ? { estimatedUsage } : {}),
  };
}
