import { pathToFileURL } from "node:url";
import type { Configuration } from "../configuration/configuration.ts";
import { installedFirstPartyNames, type PluginKind, pluginCandidates } from "../plugins/first-party-names.ts";
import { loadDefinition } from "../plugins/load-plugin.ts";
import { resolvePackage } from "../plugins/package-resolver.ts";
import { builtInRecorders } from "../recorders/built-in-recorders.ts";
import { packageOf } from "../run-directory/manifest.ts";
import { trainerManifest } from "../trainer-package.ts";
import { createSubjects, loadRunPlugins } from "../training/assemble-run.ts";

/** One line of `fovea doctor`. */
export interface Finding {
  readonly name: string;
  readonly state: "ok" | "absent" | "broken";
  /** Version, or what is wrong and how to put it right. */
  readonly detail: string;
}

const kinds: readonly PluginKind[] = ["algorithm", "policy", "task", "verifier"];

function environment(): readonly Finding[] {
  const [major = 0] = process.versions.node.split(".").map(Number);
  return [
    {
      name: "Node",
      state: major >= 20 ? "ok" : "broken",
      detail: major >= 20 ? process.version : `${process.version}: Fovea needs 20 or later (https://nodejs.org)`,
    },
    { name: "@fovea-rl/trainer", state: "ok", detail: trainerManifest().version },
  ];
}

async function plugins(kind: PluginKind, baseDirectory: string): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const name of installedFirstPartyNames(kind)) {
    try {
      const { definition, file } = await loadDefinition(kind, name, baseDirectory);
      const owner = file === undefined ? undefined : packageOf(file);
      findings.push({ name: definition.name, state: "ok", detail: owner ? `${owner.name} ${owner.version}` : "" });
    } catch (error) {
      findings.push({ name, state: "broken", detail: (error as Error).message });
    }
  }
  if (findings.length === 0)
    findings.push({ name: `no ${kind}`, state: "absent", detail: "none comes with this trainer" });
  return findings;
}

interface BackendAvailability {
  readonly name: string;
  readonly installed: boolean;
  readonly remedy: string;
  readonly detail?: string;
  readonly fault?: string;
}

/** Engines that have backends export `backendAvailability`. */
async function backends(baseDirectory: string): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const engine of installedFirstPartyNames("policy")) {
    const file = resolvePackage(pluginCandidates("policy", engine)[0]!, baseDirectory);
    if (file === undefined) continue;
    const module = (await import(/* @vite-ignore */ pathToFileURL(file).href).catch(() => ({}))) as {
      backendAvailability?: () => readonly BackendAvailability[];
    };
    for (const { name, installed, remedy, detail, fault } of module.backendAvailability?.() ?? []) {
      const found = detail === undefined ? "installed" : `installed: ${detail}`;
      findings.push({
        name: `${engine}: ${name}`,
        state: installed ? (fault === undefined ? "ok" : "broken") : "absent",
        detail: installed ? (fault ?? found) : `to get it: ${remedy}`,
      });
    }
  }
  return findings;
}

async function checkConfiguration(configuration: Configuration, baseDirectory: string): Promise<readonly Finding[]> {
  try {
    const found = await loadRunPlugins(configuration, baseDirectory);
    const { policy, task } = await createSubjects(configuration, found, baseDirectory);
    try {
      const prompt = await task.prompt("train", 0);
      const length = policy.promptLength(prompt) + configuration.sampling.maximumTokens;
      const fits = length <= policy.capabilities.maximumContext;
      const missing = found.algorithm.definition
        .requirements(found.algorithm.options)
        .filter((capability) => !policy.capabilities.supported.has(capability));
      return [
        { name: "policy", state: "ok", detail: JSON.stringify(policy.describe()) },
        {
          name: "task",
          state: "ok",
          detail: `${task.name}: ${task.size("train")} train and ${task.size("held-out")} held-out prompts`,
        },
        {
          name: "context",
          state: fits ? "ok" : "broken",
          detail: `the first prompt and its response take up to ${length} of ${policy.capabilities.maximumContext} tokens`,
        },
        {
          name: "capabilities",
          state: missing.length === 0 ? "ok" : "broken",
          detail:
            missing.length === 0
              ? `the policy can do all that "${found.algorithm.definition.name}" needs`
              : `"${found.algorithm.definition.name}" needs ${missing.join(", ")}, which the policy "${policy.name}" does not support`,
        },
      ];
    } finally {
      await policy.dispose();
    }
  } catch (error) {
    return [{ name: "configuration", state: "broken", detail: (error as Error).message }];
  }
}

/** What is here, what is not, and how to get it. */
export async function diagnose(
  baseDirectory: string,
  configuration: Configuration | undefined,
): Promise<Readonly<Record<string, readonly Finding[]>>> {
  const report: Record<string, readonly Finding[]> = { environment: environment() };
  for (const kind of kinds) report[kind] = await plugins(kind, baseDirectory);
  report["recorder"] = Object.keys(builtInRecorders).map((name) => ({
    name,
    state: "ok",
    detail: "part of the trainer",
  }));
  report["backend"] = await backends(baseDirectory);
  if (configuration) report["configuration"] = await checkConfiguration(configuration, baseDirectory);
  return report;
}
