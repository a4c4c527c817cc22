import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { type ExtraPasses, FoveaError, type Recorder, type RecorderContext } from "@fovea-rl/core";
import type { Configuration } from "../configuration/configuration.ts";
import { type LoadedConfiguration, loadConfiguration } from "../configuration/load-configuration.ts";
import { metricsRecorder } from "../recorders/metrics-recorder.ts";
import { writeRollouts } from "../recorders/write-rollouts.ts";
import { accuracyAtStep } from "../run-directory/accuracy-estimate.ts";
import { describeRun, type RunManifest } from "../run-directory/manifest.ts";
import { lockRun } from "../run-directory/run-lock.ts";
import { type RunPaths, runPaths } from "../run-directory/run-paths.ts";
import { type RunStatus, readStatus, writeStatus } from "../run-directory/run-status.ts";
import { writeError } from "../run-directory/write-error.ts";
import { writeJson } from "../run-directory/write-file-atomically.ts";
import {
  assembleRun,
  completeConfiguration,
  createSubjects,
  loadRunPlugins,
  pluginFiles,
  type RunPlugins,
} from "./assemble-run.ts";
import { checkSameSubjects, readManifest } from "./check-same-subjects.ts";
import { describeEstimate } from "./describe-usage.ts";
import { estimateUsage } from "./estimate-usage.ts";
import { InterruptedError } from "./interrupted-error.ts";
import { NonFiniteError } from "./non-finite-error.ts";
import { closeRecorders } from "./record.ts";
import { findResumePoint, type ResumePoint, rewindRecords } from "./resume-point.ts";
import { trainingLoop } from "./training-loop.ts";
import { initialTrainingState, type TrainingState } from "./training-state.ts";

/** What the caller of a training run decides besides the configuration. */
export interface TrainingOptions {
  /** When aborted, the update in progress is finished and saved; before the first one, nothing is waited for. */
  readonly signal?: AbortSignal;
  /** Hears that the engine is open and updates begin: from here on there is something to finish and save. */
  readonly onOpened?: () => void;
  /** Recorders besides the configured ones, e.g. the console; made once the run directory is known. */
  readonly recorders?: (context: RecorderContext) => readonly Recorder[];
  /** Hears what the run is doing ("sample", "evaluate 200/1000"). */
  readonly onPhase?: (phase: string) => void;
  /** Hears remarks that are no errors. */
  readonly onNotice?: (notice: string) => void;
  /** The command line, for the manifest. */
  readonly command?: readonly string[];
}

/** How a run stands when training returns. */
export interface TrainingResult {
  readonly directory: string;
  readonly status: RunStatus;
}

async function makeRunDirectory(configuration: Configuration): Promise<{ name: string; paths: RunPaths }> {
  const { directory, name } = configuration.run;
  const parent = resolve(directory);
  const base = name ?? `${configuration.task.use}-${configuration.algorithm.use}-seed-${configuration.seed}`;
  const stem = basename(base).replaceAll(/[^\w.+-]/g, "-");
  try {
    await mkdir(parent, { recursive: true });
    for (let number = 1; ; number++) {
      const candidate = name ?? (number === 1 ? stem : `${stem}-${number}`);
      try {
        await mkdir(join(parent, candidate));
        return { name: candidate, paths: runPaths(join(parent, candidate)) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        if (name !== undefined) {
          throw new FoveaError(
            `the run directory ${join(parent, name)} exists already: choose another run.name, or go on with it: fovea train --resume ${join(directory, name)}`,
          );
        }
      }
    }
  } catch (error) {
    throw writeError(error, parent);
  }
}

function needsReference({ algorithm }: RunPlugins): boolean {
  return algorithm.definition.requirements(algorithm.options).includes("reference-policy");
}

function extraPasses({ algorithm }: RunPlugins): ExtraPasses {
  return algorithm.definition.extraPasses?.(algorithm.options) ?? { current: 0, reference: 0 };
}

/** A run directory that is held for this process. */
interface OpenedDirectory {
  readonly paths: RunPaths;
  readonly resumePoint?: ResumePoint;
  readonly unlock: () => void;
  /** Leaves the directory as if it had not been opened. */
  readonly giveUp: () => Promise<void>;
}

/** The steps that a new run and a resumed one share, from plug-ins to the last update. */
async function runTraining(
  loaded: LoadedConfiguration,
  openDirectory: (complete: Configuration) => Promise<OpenedDirectory>,
  options: TrainingOptions,
): Promise<TrainingResult> {
  const { baseDirectory } = loaded;
  const { signal } = options;
  const plugins = await loadRunPlugins(loaded.configuration, baseDirectory);
  const configuration = completeConfiguration(loaded.configuration, plugins);
  const subjects = await createSubjects(configuration, plugins, baseDirectory, signal).catch((error: unknown) => {
    throw signal?.aborted ? new InterruptedError(error) : error;
  });
  const { policy, task } = subjects;
  const recorders: Recorder[] = [];
  let opened: OpenedDirectory | undefined;
  let hasBegun = false;
  try {
    // An engine that does not listen to the signal is open by now: no directory is made for it.
    signal?.throwIfAborted();
    // Asked once more below with recorders: what the algorithm and the engine cannot do together must not leave a directory.
    const planned = assembleRun(configuration, plugins, subjects, [], () => {});
    opened = await openDirectory(configuration);
    const { paths, resumePoint } = opened;
    const initial = resumePoint?.state ?? initialTrainingState;
    const estimate = await estimateUsage(planned, extraPasses(plugins), initial);
    if (estimate) options.onNotice?.(describeEstimate(estimate, configuration, initial.step));
    const manifest = await describeRun({
      seed: configuration.seed,
      algorithm: plugins.algorithm.definition.name,
      policy,
      task,
      pluginFiles: pluginFiles(plugins),
      baseDirectory,
      command: options.command ?? [],
      estimatedUsage: estimate,
      signal,
    });
    const earlier = readManifest(paths.manifest);
    if (earlier) checkSameSubjects(earlier, manifest, options.onNotice);
    else await writeJson(paths.manifest, manifest);
    if (resumePoint) await rewindRecords(paths, resumePoint.state.step);
    if (resumePoint?.policyDirectory !== undefined) await policy.load(resumePoint.policyDirectory, { signal });
    else if (needsReference(plugins)) await policy.refreshReference({ signal });

    const context: RecorderContext = {
      seed: configuration.seed,
      baseDirectory,
      runDirectory: paths.directory,
      updates: configuration.training.updates,
      tokenTexts: (tokens) => policy.tokenTexts(tokens),
    };
    await mkdir(paths.checkpoints, { recursive: true });
    recorders.push(metricsRecorder(paths.metrics, paths.timings));
    for (const { definition, options: recorderOptions } of plugins.recorders) {
      recorders.push(await definition.create(recorderOptions, context));
    }
    recorders.push(...(options.recorders?.(context) ?? []));
    const run = assembleRun(configuration, plugins, subjects, recorders, options.onPhase ?? (() => {}));
    signal?.throwIfAborted();
    hasBegun = true;
    options.onOpened?.();
    return await superviseLoop(run, paths, initial, manifest, options);
  } catch (error) {
    if (hasBegun || !signal?.aborted) throw writeError(error, "the run directory");
    await closeRecorders(recorders.splice(0));
    await opened?.giveUp();
    throw new InterruptedError(error);
  } finally {
    await closeRecorders(recorders);
    opened?.unlock();
    await policy.dispose();
  }
}

/** Runs the loop and keeps status.json true, whatever happens. */
async function superviseLoop(
  run: Parameters<typeof trainingLoop>[0],
  paths: RunPaths,
  initial: TrainingState,
  manifest: RunManifest,
  options: TrainingOptions,
): Promise<TrainingResult> {
  const { updates } = run.configuration.training;
  const startedAt = readStatus(paths.status)?.startedAt ?? manifest.createdAt;
  const statusOf = (state: RunStatus["state"], at: TrainingState, error?: string): Omit<RunStatus, "updatedAt"> => {
    const before = accuracyAtStep(paths.metrics, 0);
    const after = state === "finished" ? accuracyAtStep(paths.metrics, updates) : undefined;
    return {
      state,
      step: at.step,
      updates,
      startedAt,
      ...(error === undefined ? {} : { error }),
      ...(before ? { before } : {}),
      ...(after ? { after } : {}),
      trainingSeconds: at.trainingSeconds,
      totalTokens: at.totalTokens,
      ...(run.policy.usage ? { usage: run.policy.usage() } : {}),
    };
  };
  let latest = initial;
  await writeStatus(paths.status, statusOf("running", initial));
  try {
    latest = await trainingLoop(
      run,
      paths,
      initial,
      async (state) => {
        latest = state;
        await writeStatus(paths.status, statusOf("running", state));
      },
      options.signal ?? new AbortController().signal,
    );
  } catch (error) {
    const reported = writeError(error, paths.directory);
    if (reported instanceof NonFiniteError) {
      const { step, groups } = reported;
      const tokenTexts = (tokens: Int32Array) => run.policy.tokenTexts(tokens);
      await writeRollouts(paths.failures, `step-${step}`, step, groups, tokenTexts).catch(() => {});
    }
    // On a full disk the status may not fit either; the error itself is what must come through.
    await writeStatus(paths.status, statusOf("failed", latest, reported.message)).catch(() => {});
    throw reported;
  }
  await writeStatus(paths.status, statusOf(latest.step === updates ? "finished" : "interrupted", latest));
  return { directory: paths.directory, status: readStatus(paths.status)! };
}

/**
 * Trains by a configuration, in a new run directory.
 *
 * @throws FoveaError for everything a user can put right; nothing is left behind if the configuration is at fault.
 * @throws InterruptedError if it is aborted before the first update; nothing is left behind either.
 */
export function train(loaded: LoadedConfiguration, options: TrainingOptions = {}): Promise<TrainingResult> {
  return runTraining(
    loaded,
    async (complete) => {
      const { name, paths } = await makeRunDirectory(complete);
      try {
        const unlock = lockRun(paths.lock);
        await writeJson(paths.configuration, {
          ...complete,
          baseDirectory: relative(paths.directory, loaded.baseDirectory) || ".",
          run: { ...complete.run, name },
        });
        return { paths, unlock, giveUp: () => rm(paths.directory, { recursive: true, force: true }) };
      } catch (error) {
        await rm(paths.directory, { recursive: true, force: true });
        throw error;
      }
    },
    options,
  );
}

/**
 * Goes on with an interrupted, failed or killed run from its newest checkpoint, or that of `fromStep`. The results are those of a
 * run that was never broken off.
 *
 * @throws FoveaError
 * @throws InterruptedError if it is aborted before an update; the run can be resumed as before.
 */
export async function resumeTraining(
  directory: string,
  options: TrainingOptions & { readonly fromStep?: number } = {},
): Promise<TrainingResult> {
  const paths = runPaths(resolve(directory));
  if (!existsSync(paths.configuration)) {
    throw new FoveaError(`${directory} is no run directory: it has no config.json`);
  }
  const unlock = lockRun(paths.lock);
  try {
    const loaded = await loadConfiguration(paths.configuration);
    const status = readStatus(paths.status);
    if (status?.state === "finished" && options.fromStep === undefined) return { directory: paths.directory, status };
    const resumePoint = await findResumePoint(paths, options.fromStep);
    const writeState = async (state: RunStatus["state"]) => {
      if (!status) return;
      const { after: _after, error: _error, ...rest } = status;
      await writeStatus(paths.status, { ...rest, state, step: resumePoint.state.step });
    };
    const openDirectory = async () => {
      // Before records are taken back: a process killed meanwhile must not leave a run that says it has finished.
      await writeState("running");
      return { paths, resumePoint, unlock, giveUp: () => writeState("interrupted") };
    };
    return await runTraining(loaded, openDirectory, options);
  } finally {
    unlock();
  }
}
