import { composeRun, type Policy, type Recorder, Services, type Task } from "@fovea-rl/core";
import type { Configuration } from "../configuration/configuration.ts";
import { type LoadedPlugin, loadPlugin } from "../plugins/load-plugin.ts";
import { trainerDirectory } from "../trainer-package.ts";
import { blamedAdvantage, blamedLoss } from "./blame-algorithm.ts";
import type { Run, WeightedVerifier } from "./run.ts";

/** The plug-ins of a configuration, found and with their options checked; nothing is created yet. */
export interface RunPlugins {
  readonly algorithm: LoadedPlugin<"algorithm">;
  readonly policy: LoadedPlugin<"policy">;
  readonly task: LoadedPlugin<"task">;
  readonly verifiers: readonly { readonly plugin: LoadedPlugin<"verifier">; readonly weight: number }[];
  readonly recorders: readonly LoadedPlugin<"recorder">[];
}

export async function loadRunPlugins(configuration: Configuration, baseDirectory: string): Promise<RunPlugins> {
  const algorithm = await loadPlugin("algorithm", configuration.algorithm, baseDirectory, ["algorithm"]);
  const policy = await loadPlugin("policy", configuration.policy, baseDirectory, ["policy"]);
  const task = await loadPlugin("task", configuration.task, baseDirectory, ["task"]);
  const verifiers = [];
  for (const [index, reward] of configuration.rewards.entries()) {
    const plugin = await loadPlugin("verifier", reward, baseDirectory, ["rewards", index]);
    verifiers.push({ plugin, weight: reward.weight });
  }
  const recorders = [];
  for (const [index, recorder] of configuration.recorders.entries()) {
    recorders.push(await loadPlugin("recorder", recorder, baseDirectory, ["recorders", index]));
  }
  return { algorithm, policy, task, verifiers, recorders };
}

/** The files that plug-ins came from. */
export function pluginFiles(plugins: RunPlugins): readonly string[] {
  const all: readonly LoadedPlugin[] = [
    plugins.algorithm,
    plugins.policy,
    plugins.task,
    ...plugins.verifiers.map(({ plugin }) => plugin),
    ...plugins.recorders,
  ];
  return all.flatMap(({ file }) => (file === undefined ? [] : [file]));
}

/** The configuration with the plug-ins' own defaults filled in: what config.json holds. */
export function completeConfiguration(configuration: Configuration, plugins: RunPlugins): Configuration {
  const complete = <Use extends { options: Record<string, unknown> }>(use: Use, { options }: LoadedPlugin): Use => ({
    ...use,
    options: options as Record<string, unknown>,
  });
  return {
    ...configuration,
    algorithm: complete(configuration.algorithm, plugins.algorithm),
    policy: complete(configuration.policy, plugins.policy),
    task: complete(configuration.task, plugins.task),
    rewards: configuration.rewards.map((reward, index) => complete(reward, plugins.verifiers[index]!.plugin)),
    recorders: configuration.recorders.map((recorder, index) => complete(recorder, plugins.recorders[index]!)),
  };
}

/** What evaluating needs of a run: no algorithm. */
export interface RunSubjects {
  readonly policy: Policy;
  readonly task: Task;
  readonly verifiers: readonly WeightedVerifier[];
}

/**
 * Creates policy, task and verifiers. The caller disposes the policy.
 *
 * @param signal ends the creation, which may wait for a server.
 */
export async function createSubjects(
  configuration: Configuration,
  plugins: Omit<RunPlugins, "algorithm" | "recorders">,
  baseDirectory: string,
  signal?: AbortSignal,
): Promise<RunSubjects> {
  const packageDirectories = [baseDirectory, trainerDirectory];
  const context = { seed: configuration.seed, baseDirectory, packageDirectories };
  const task = await plugins.task.definition.create(plugins.task.options, context);
  const verifiers: WeightedVerifier[] = [];
  for (const { plugin, weight } of plugins.verifiers) {
    verifiers.push({ verifier: await plugin.definition.create(plugin.options, context), weight });
  }
  const policy = await plugins.policy.definition.create(plugins.policy.options, {
    ...context,
    trainingTemperature: configuration.sampling.temperature,
    signal,
  });
  return { policy, task, verifiers };
}

/**
 * Puts the run together; `composeRun` refuses an algorithm that the policy cannot serve.
 *
 * @throws FoveaError
 */
export function assembleRun(
  configuration: Configuration,
  plugins: RunPlugins,
  subjects: RunSubjects,
  recorders: readonly Recorder[],
  onPhase: (phase: string) => void,
): Run {
  const container = composeRun({
    algorithm: plugins.algorithm.definition,
    algorithmOptions: plugins.algorithm.options,
    policy: subjects.policy,
    task: subjects.task,
    verifiers: subjects.verifiers.map(({ verifier }) => verifier),
    recorders,
  });
  return {
    configuration,
    ...subjects,
    advantage: blamedAdvantage(container.get(Services.Advantage), configuration.algorithm.use),
    loss: blamedLoss(container.get(Services.Loss), configuration.algorithm.use),
    filter: container.get(Services.RolloutFilter, { optional: true }),
    shaping: container.get(Services.RewardShaping, { optional: true }),
    recorders,
    onPhase,
  };
}
