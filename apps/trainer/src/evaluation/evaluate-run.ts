import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { FoveaError, type SamplingOptions } from "@fovea-rl/core";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import { runPaths } from "../run-directory/run-paths.ts";
import { writeFileAtomically, writeJson } from "../run-directory/write-file-atomically.ts";
import { createSubjects, loadRunPlugins } from "../training/assemble-run.ts";
import { findResumePoint } from "../training/resume-point.ts";
import { type AccuracySummary, summariseAccuracy } from "./accuracy-summary.ts";
import { evaluatePolicy } from "./evaluate-policy.ts";

export interface EvaluateRunOptions {
  /** Checkpoint; default the newest; 0 is the base policy. */
  readonly step?: number;
  readonly prompts?: number;
  /** Answers a prompt: one greedy answer by default, else k sampled ones (avg@k). */
  readonly samples?: number;
  readonly temperature?: number;
  readonly topP?: number;
  /** Name of the files in `evaluations/`. */
  readonly name?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/** The summary that `fovea evaluate` prints and writes. */
export interface RunEvaluation {
  readonly formatVersion: 1;
  readonly step: number;
  readonly prompts: number;
  readonly samplesPerPrompt: number;
  readonly sampling: SamplingOptions;
  readonly overall: AccuracySummary;
  readonly families: Readonly<Record<string, AccuracySummary>>;
  readonly method: string;
  /** Path of the answers, relative to the run directory. */
  readonly answers: string;
}

/** Evaluates a checkpoint of a run on its held-out prompts. @throws FoveaError */
export async function evaluateRun(directory: string, options: EvaluateRunOptions): Promise<RunEvaluation> {
  const paths = runPaths(resolve(directory));
  const { configuration, baseDirectory } = await loadConfiguration(paths.configuration);
  const point = await findResumePoint(paths, options.step);
  const samplesPerPrompt = options.samples ?? 1;
  if (options.temperature !== undefined && options.samples === undefined) {
    throw new FoveaError("--temperature is for sampled answers: say how many with --samples");
  }
  const isGreedy = options.samples === undefined;
  const sampling: SamplingOptions = {
    temperature: isGreedy ? 0 : (options.temperature ?? 1),
    topP: isGreedy ? 1 : (options.topP ?? 1),
    topK: 0,
    maximumTokens: configuration.sampling.maximumTokens,
  };
  const subjects = await createSubjects(
    configuration,
    await loadRunPlugins({ ...configuration, recorders: [] }, baseDirectory),
    baseDirectory,
  );
  try {
    if (point.policyDirectory !== undefined) await subjects.policy.load(point.policyDirectory);
    const answers = await evaluatePolicy(subjects.policy, subjects.task, subjects.verifiers, {
      prompts: options.prompts ?? (configuration.evaluation.prompts || 1000),
      samplesPerPrompt,
      sampling,
      batchPrompts: Math.max(1, Math.floor(configuration.evaluation.batchPrompts / samplesPerPrompt)),
      seed: configuration.seed,
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    });
    const families = [...new Set(answers.flatMap(({ family }) => (family === undefined ? [] : [family])))].sort();
    const name = options.name ?? `step-${point.state.step}-${isGreedy ? "greedy" : `avg-at-${samplesPerPrompt}`}`;
    const evaluation: RunEvaluation = {
      formatVersion: 1,
      step: point.state.step,
      prompts: new Set(answers.map(({ promptId }) => promptId)).size,
      samplesPerPrompt,
      sampling,
      overall: summariseAccuracy(answers, configuration.seed),
      families: Object.fromEntries(
        families.map((family) => [
          family,
          summariseAccuracy(
            answers.filter((answer) => answer.family === family),
            configuration.seed,
          ),
        ]),
      ),
      method: isGreedy
        ? "One greedy answer a prompt; 95 % Wilson score intervals over prompts."
        : `${samplesPerPrompt} sampled answers a prompt, averaged (avg@${samplesPerPrompt}); 95 % percentile bootstrap intervals over prompts (2000 resamples).`,
      answers: `evaluations/${name}.jsonl`,
    };
    await mkdir(paths.evaluations, { recursive: true });
    await writeFileAtomically(
      join(paths.directory, evaluation.answers),
      answers.map((answer) => `${JSON.stringify(answer)}\n`).join(""),
    );
    await writeJson(join(paths.evaluations, `${name}.json`), evaluation);
    return evaluation;
  } finally {
    await subjects.policy.dispose();
  }
}
