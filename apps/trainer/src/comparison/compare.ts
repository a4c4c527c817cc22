import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { FoveaError } from "@fovea-rl/core";
import type { Configuration } from "../configuration/configuration.ts";
import type { LoadedConfiguration } from "../configuration/load-configuration.ts";
import { loadPlugin } from "../plugins/load-plugin.ts";
import { lockRun } from "../run-directory/run-lock.ts";
import { runPaths } from "../run-directory/run-paths.ts";
import { readStatus } from "../run-directory/run-status.ts";
import { writeFileAtomically, writeJson } from "../run-directory/write-file-atomically.ts";
import { completeConfiguration, loadRunPlugins } from "../training/assemble-run.ts";
import { readManifest } from "../training/check-same-subjects.ts";
import { type ComparisonMember, planComparison } from "./comparison-plan.ts";
import {
  COMPARISON_METHOD,
  type ComparedContender,
  type ComparedRun,
  type ContenderSummary,
  summariseComparison,
} from "./comparison-result.ts";
import { comparisonMarkdown } from "./comparison-table.ts";
import { type Contender, chooseContenders } from "./contender.ts";

/** comparison.json */
export interface Comparison {
  readonly formatVersion: 1;
  /** The contenders' algorithms. */
  readonly algorithms: readonly string[];
  readonly contenders: readonly ComparedContender[];
  readonly seeds: readonly number[];
  readonly baseWeights: string | null;
  readonly taskFingerprint: string | null;
  readonly runs: readonly ComparedRun[];
  readonly summary: readonly ContenderSummary[];
  readonly method: string;
}

export interface CompareOptions {
  /** Labels of `comparison.algorithms`, or algorithms; all that are listed there, if undefined. */
  readonly algorithms: readonly string[] | undefined;
  readonly seeds: readonly number[];
  /** Runs at a time. */
  readonly jobs: number;
  readonly name: string | undefined;
  /**
   * Trains or goes on with one member in a process of its own.
   *
   * @param args arguments of `fovea`
   * @returns the exit code
   */
  readonly runMember: (args: readonly string[]) => Promise<number>;
  readonly onMember?: (run: ComparedRun, place: number, total: number) => void;
  readonly signal?: AbortSignal;
}

function describeMember(parent: string, member: ComparisonMember): ComparedRun {
  const status = readStatus(runPaths(join(parent, member.directory)).status);
  return {
    label: member.contender.label,
    algorithm: member.contender.algorithm.use,
    seed: member.seed,
    directory: member.directory,
    state: status?.state ?? "pending",
    ...(status?.error === undefined ? {} : { error: status.error }),
    before: status?.before ?? null,
    after: status?.after ?? null,
    trainingSeconds: status?.trainingSeconds ?? 0,
    totalTokens: status?.totalTokens ?? 0,
  };
}

/** What all members must have in common. @throws FoveaError naming two members that differ. */
function sharedSubject(parent: string, members: readonly ComparisonMember[], key: "baseWeights" | "taskFingerprint") {
  const known = members.flatMap(({ directory }) => {
    const manifest = readManifest(runPaths(join(parent, directory)).manifest);
    return manifest ? [{ directory, value: manifest[key] }] : [];
  });
  const other = known.find(({ value }) => value !== known[0]!.value);
  if (other) {
    throw new FoveaError(
      `this comparison is not fair: ${key} of ${other.directory} differs from that of ${known[0]!.directory}; remove the directory of the one that is out of date and compare again`,
    );
  }
  return known[0]?.value ?? null;
}

/**
 * The options of a contender's algorithm, with its defaults.
 *
 * @throws FoveaError naming the labels that there are, if its name leads to no algorithm.
 */
async function completeOptions(
  { label, algorithm, path }: Contender,
  { comparison }: Configuration,
  baseDirectory: string,
): Promise<unknown> {
  try {
    return (await loadPlugin("algorithm", algorithm, baseDirectory, path)).options;
  } catch (cause) {
    const labels = comparison.algorithms.flatMap((listed) => listed.label ?? []);
    if (labels.length === 0 || !(cause instanceof FoveaError)) throw cause;
    const labelled = labels.includes(label) ? `"${label}" of this comparison: ` : "";
    const known = labelled === "" ? `; labels of this configuration: ${labels.join(", ")}` : "";
    throw new FoveaError(`${labelled}${cause.message}${known}`, { cause });
  }
}

/** Refuses to count a run that was made by another algorithm, or with other options of it. */
function checkSameAlgorithm(directory: string, { label, algorithm: { use } }: Contender, options: unknown): void {
  const path = runPaths(directory).configuration;
  if (!existsSync(path)) return;
  const { algorithm } = JSON.parse(readFileSync(path, "utf8")) as { algorithm: { use: string; options: unknown } };
  if (algorithm.use !== use) {
    throw new FoveaError(
      `${directory} was trained by ${algorithm.use}, and "${label}" is ${use} in this comparison: choose another label or --name, or remove that directory`,
    );
  }
  if (!isDeepStrictEqual(algorithm.options, JSON.parse(JSON.stringify(options)))) {
    throw new FoveaError(
      `${directory} was trained with other options of its algorithm than this comparison gives it: choose another --name, or remove that directory`,
    );
  }
}

/** Refuses to mix runs of different settings under one name. */
async function writePlan(parent: string, plan: unknown): Promise<void> {
  const path = join(parent, "plan.json");
  if (existsSync(path)) {
    if (isDeepStrictEqual(JSON.parse(readFileSync(path, "utf8")), JSON.parse(JSON.stringify(plan)))) return;
    throw new FoveaError(
      `${parent} holds a comparison of another configuration (see plan.json): choose another --name, or remove the directory`,
    );
  }
  await writeJson(path, plan);
}

/**
 * Trains every contender with every seed, each in an ordinary run directory, and writes comparison.json and comparison.md after each. Finished members
 * are kept and broken-off ones resumed, so that the same command goes on where it stopped.
 *
 * @throws FoveaError
 */
export async function compare(
  loaded: LoadedConfiguration,
  options: CompareOptions,
): Promise<{ directory: string; comparison: Comparison }> {
  const { baseDirectory } = loaded;
  const plugins = await loadRunPlugins(loaded.configuration, baseDirectory);
  const configuration = completeConfiguration(loaded.configuration, plugins);
  const name = options.name ?? `compare-${configuration.task.use.split("/").at(-1)}`;
  const parent = resolve(configuration.run.directory, name);
  const contenders = chooseContenders(loaded.configuration, options.algorithms);
  const members = planComparison(configuration, contenders, options.seeds, parent);
  for (const contender of contenders) {
    const complete = await completeOptions(contender, loaded.configuration, baseDirectory);
    for (const member of members) {
      if (member.contender === contender) checkSameAlgorithm(join(parent, member.directory), contender, complete);
    }
  }
  await mkdir(join(parent, "configurations"), { recursive: true });
  const unlock = lockRun(join(parent, "run.lock"));
  try {
    // Seeds and contenders may be added later; everything else must stay.
    const { seed: _seed, algorithm: _algorithm, run: _run, comparison: _comparison, ...shared } = configuration;
    await writePlan(parent, shared);

    const compared = contenders.map(
      ({ label, algorithm: { use, options: given } }): ComparedContender => ({ label, algorithm: use, options: given }),
    );
    const labels = contenders.map(({ label }) => label);
    const summarise = async (): Promise<Comparison> => {
      const runs = members.map((member) => describeMember(parent, member));
      const comparison: Comparison = {
        formatVersion: 1,
        algorithms: compared.map(({ algorithm }) => algorithm),
        contenders: compared,
        seeds: options.seeds,
        baseWeights: sharedSubject(parent, members, "baseWeights"),
        taskFingerprint: sharedSubject(parent, members, "taskFingerprint"),
        runs,
        summary: summariseComparison(runs, labels),
        method: COMPARISON_METHOD,
      };
      await writeJson(join(parent, "comparison.json"), comparison);
      await writeFileAtomically(
        join(parent, "comparison.md"),
        comparisonMarkdown(name, compared, comparison.summary, runs),
      );
      return comparison;
    };

    const waiting = members.map((member, index) => ({ member, index }));
    const work = async () => {
      for (let next = waiting.shift(); next && !options.signal?.aborted; next = waiting.shift()) {
        const { member, index } = next;
        const directory = join(parent, member.directory);
        if (describeMember(parent, member).state !== "finished") {
          const file = join(parent, "configurations", `${member.directory}.json`);
          await writeJson(file, {
            ...member.configuration,
            baseDirectory: relative(join(parent, "configurations"), baseDirectory) || ".",
          });
          const hasRun = existsSync(runPaths(directory).configuration);
          const exitCode = await options.runMember(hasRun ? ["train", "--resume", directory] : ["train", file]);
          // Interrupted while its engine was being opened, a run leaves nothing behind.
          if (exitCode !== 0 && !options.signal?.aborted && !existsSync(runPaths(directory).status)) {
            throw new FoveaError(
              `the run of ${member.contender.label} with seed ${member.seed} could not start (exit code ${exitCode})`,
            );
          }
        }
        options.onMember?.(describeMember(parent, member), index + 1, members.length);
        await summarise();
      }
    };
    await Promise.all(Array.from({ length: Math.min(options.jobs, members.length) }, work));
    return { directory: parent, comparison: await summarise() };
  } finally {
    unlock();
  }
}
