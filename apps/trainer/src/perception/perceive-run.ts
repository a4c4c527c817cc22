import { mkdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { filteringOptionsSchema, topTokenMask } from "@fovea-rl/algo-vppo";
import { type CreditedRollout, FoveaError, type GradedRollout, type RolloutGroup } from "@fovea-rl/core";
import {
  type DependencyEstimator,
  type PerceptionOptions,
  PerceptionProbe,
  perceptionOptionsSchema,
  perceptionRequirements,
  type RolloutPerception,
} from "@fovea-rl/perception";
import {
  type MeasuredRollout,
  type PerceptionProfile,
  perceptionNumbersCsv,
  perceptionProfile,
  perceptionTokensCsv,
} from "@fovea-rl/run-records";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import { writeRollouts } from "../recorders/write-rollouts.ts";
import { type RunPaths, runPaths } from "../run-directory/run-paths.ts";
import { writeFileAtomically, writeJson } from "../run-directory/write-file-atomically.ts";
import { createSubjects, loadRunPlugins, type RunSubjects } from "../training/assemble-run.ts";
import { findResumePoint } from "../training/resume-point.ts";
import { sampleRollouts } from "../training/sample-rollouts.ts";
import { verifyRollouts } from "../training/verify-rollouts.ts";

export interface PerceiveOptions {
  /** Checkpoint; default the newest; 0 is the base policy. */
  readonly step?: number;
  /** Held-out prompts. */
  readonly prompts: number;
  /** Rollouts of each, sampled at the run's temperature. */
  readonly samples: number;
  readonly estimator: DependencyEstimator;
  readonly perturbation: PerceptionOptions["perturbation"]["kind"];
  /** Share of a rollout's tokens to mark as pivotal, those that look most, as VPPO chooses them (eq. 6); default 0.4, as VPPO's. */
  readonly fraction?: number;
  /** Overrides of the run's configuration, as of `--set`: another task, say. */
  readonly overrides: readonly string[];
  /** Name of the files in `perception/`; default `step-N`. Must begin so. */
  readonly name?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/** `perception/<name>.json`. */
export interface RunPerception {
  readonly formatVersion: 1;
  readonly step: number;
  readonly task: string;
  readonly prompts: number;
  readonly samplesPerPrompt: number;
  readonly perception: PerceptionOptions;
  readonly pivotalFraction: number;
  readonly profile: PerceptionProfile;
}

/** A run directory, or `<run>/checkpoints/step-N` with the step that it names. */
function runOf(
  path: string,
  step: number | undefined,
): { readonly paths: RunPaths; readonly step: number | undefined } {
  const full = resolve(path);
  const named = basename(dirname(full)) === "checkpoints" ? basename(full).match(/^step-(\d+)$/)?.[1] : undefined;
  if (named === undefined) return { paths: runPaths(full), step };
  if (step !== undefined && step !== Number(named)) {
    throw new FoveaError(`${path} is the checkpoint of step ${named}: leave out --step ${step}`);
  }
  return { paths: runPaths(dirname(dirname(full))), step: Number(named) };
}

/**
 * Measures how much a checkpoint's answers to held-out prompts look at the image, and writes the rollouts with the visual
 * dependency of each token, the images they were compared behind, and the numbers of all of them.
 *
 * @returns what it found, and the path of its summary.
 * @throws FoveaError
 */
export async function perceiveRun(
  directory: string,
  options: PerceiveOptions,
): Promise<{ readonly result: RunPerception; readonly path: string }> {
  const { paths, step } = runOf(directory, options.step);
  const { configuration, baseDirectory } = await loadConfiguration(paths.configuration, options.overrides);
  const point = await findResumePoint(paths, step);
  const perception = perceptionOptionsSchema.parse({
    estimator: options.estimator,
    perturbation: options.perturbation,
  });
  const fraction = options.fraction ?? filteringOptionsSchema.parse({}).fraction;
  if (!(fraction > 0 && fraction <= 1))
    throw new FoveaError(`--fraction must be above 0 and at most 1, not ${fraction}`);
  const name = options.name ?? `step-${point.state.step}`;
  if (
    !/^[\w.-]+$/.test(name) ||
    !(name === `step-${point.state.step}` || name.startsWith(`step-${point.state.step}-`))
  ) {
    throw new FoveaError(`--name must begin with step-${point.state.step}- and hold letters, digits, dots and hyphens`);
  }
  const plugins = await loadRunPlugins({ ...configuration, recorders: [] }, baseDirectory);
  const subjects = await createSubjects(configuration, plugins, baseDirectory);
  try {
    for (const capability of perceptionRequirements(perception)) {
      if (subjects.policy.capabilities.supported.has(capability)) continue;
      throw new FoveaError(
        `the estimator "${perception.estimator}" needs "${capability}", which the policy engine "${subjects.policy.name}" does not support`,
      );
    }
    if (point.policyDirectory !== undefined) await subjects.policy.load(point.policyDirectory);
    const batchPrompts = Math.max(1, Math.floor(configuration.evaluation.batchPrompts / options.samples));
    const total = Math.min(options.prompts, subjects.task.size("held-out"));
    const groups: RolloutGroup<CreditedRollout>[] = [];
    for (let start = 0; start < total; start += batchPrompts) {
      const end = Math.min(total, start + batchPrompts);
      const graded = await sampleHeldOut(subjects, start, end, options.samples, configuration.seed, {
        ...configuration.sampling,
      });
      const draw = { seed: configuration.seed, step: point.state.step };
      const measured = await new PerceptionProbe(subjects.policy, perception).measure(graded, draw);
      groups.push(...graded.map((group, index) => attach(group, measured[index], fraction)));
      options.onProgress?.(end, total);
    }
    const profile = perceptionProfile(
      new Map([[`perception/${name}`, { step: point.state.step, rollouts: measuredOf(groups, subjects) }]]),
    );
    if (!profile)
      throw new FoveaError(`no prompt of the task "${subjects.task.name}" has an image: there is nothing to perceive`);
    const result: RunPerception = {
      formatVersion: 1,
      step: point.state.step,
      task: subjects.task.name,
      prompts: total,
      samplesPerPrompt: options.samples,
      perception,
      pivotalFraction: fraction,
      profile,
    };
    const folder = join(paths.directory, "perception");
    await mkdir(folder, { recursive: true });
    await writeRollouts(folder, name, point.state.step, groups, (tokens) => subjects.policy.tokenTexts(tokens));
    await writeFileAtomically(join(folder, `${name}.csv`), perceptionNumbersCsv(profile));
    await writeFileAtomically(join(folder, `${name}-tokens.csv`), perceptionTokensCsv(profile));
    await writeJson(join(folder, `${name}.json`), result);
    return { result, path: join(folder, `${name}.json`) };
  } finally {
    await subjects.policy.dispose();
  }
}

async function sampleHeldOut(
  { policy, task, verifiers }: RunSubjects,
  start: number,
  end: number,
  samples: number,
  seed: number,
  sampling: Parameters<typeof sampleRollouts>[3],
): Promise<readonly RolloutGroup<GradedRollout>[]> {
  const indices = Array.from({ length: end - start }, (_, offset) => start + offset);
  const prompts = await Promise.all(indices.map((index) => task.prompt("held-out", index)));
  return verifyRollouts(
    verifiers,
    await sampleRollouts(policy, prompts, samples, sampling, { seed, purpose: "perceive" }),
  );
}

/** Credit for the rollout file alone: there is no update, so no advantage either. */
function attach(
  group: RolloutGroup<GradedRollout>,
  perceptions: readonly RolloutPerception[] | undefined,
  fraction: number,
): RolloutGroup<CreditedRollout> {
  const rollouts = group.rollouts.map((rollout, index): CreditedRollout => {
    const advantages = new Float32Array(0);
    const perception = perceptions?.[index];
    if (!perception) return { ...rollout, credit: { advantages } };
    const { dependency, perturbedLogprobs, perturbedImages } = perception;
    const tokenWeights = topTokenMask(dependency, fraction);
    const columns = { dependency: Float32Array.from(dependency), perturbedLogprobs, tokenWeights };
    // Drawn when they are written: see RolloutPerception.
    const credit = Object.defineProperty({ advantages, columns }, "perturbedImages", { get: perturbedImages });
    return { ...rollout, credit };
  });
  return { prompt: group.prompt, rollouts };
}

function measuredOf(
  groups: readonly RolloutGroup<CreditedRollout>[],
  { policy }: RunSubjects,
): readonly MeasuredRollout[] {
  return groups.flatMap(({ prompt, rollouts }) =>
    rollouts.flatMap(({ tokens, credit, verdict }) => {
      const dependency = credit.columns?.["dependency"];
      if (!dependency) return [];
      const accuracy = verdict.components["accuracy"];
      return [
        {
          dependency,
          tokenTexts: policy.tokenTexts(tokens),
          family: prompt.family,
          isRight: accuracy === undefined ? undefined : accuracy >= 1,
        },
      ];
    }),
  );
}
