import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { evaluatePolicy } from "../evaluation/evaluate-policy.ts";
import { evaluationMetrics } from "../evaluation/evaluation-metrics.ts";
import type { RunPaths } from "../run-directory/run-paths.ts";
import { writeFileAtomically } from "../run-directory/write-file-atomically.ts";
import { recordEvaluation } from "./record.ts";
import type { Run } from "./run.ts";

/** Greedy answers to the first held-out prompts, recorded and written to `evaluations/step-N.jsonl`. */
export async function runEvaluation(run: Run, paths: RunPaths, step: number, prompts: number): Promise<void> {
  const { evaluation, sampling, seed } = run.configuration;
  const start = performance.now();
  run.onPhase("evaluate");
  const answers = await evaluatePolicy(run.policy, run.task, run.verifiers, {
    prompts,
    samplesPerPrompt: 1,
    sampling: { temperature: 0, topP: 1, topK: 0, maximumTokens: sampling.maximumTokens },
    batchPrompts: evaluation.batchPrompts,
    seed,
    onProgress: (done, total) => run.onPhase(`evaluate ${done}/${total}`),
  });
  const seconds = (performance.now() - start) / 1000;
  const metrics = evaluationMetrics(answers);
  await mkdir(paths.evaluations, { recursive: true });
  const lines = answers.map((answer) => `${JSON.stringify(answer)}\n`).join("");
  await writeFileAtomically(join(paths.evaluations, `step-${step}.jsonl`), lines);
  await recordEvaluation(run.recorders, { step, metrics, timings: { "time/evaluation-seconds": seconds } });
}
