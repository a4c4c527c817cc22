import { setImmediate } from "node:timers/promises";
import type { Policy, SamplingOptions, Task } from "@fovea-rl/core";
import type { WeightedVerifier } from "../training/run.ts";
import { sampleRollouts } from "../training/sample-rollouts.ts";
import { verifyRollouts } from "../training/verify-rollouts.ts";

/** One held-out answer, as `evaluations/*.jsonl` hold it. */
export interface EvaluationAnswer {
  readonly promptId: string;
  readonly sampleIndex: number;
  readonly family?: string;
  readonly referenceAnswer: string;
  readonly text: string;
  readonly extracted?: string;
  readonly accuracy: number;
  readonly reward: number;
  readonly components: Readonly<Record<string, number>>;
  readonly responseLength: number;
  readonly finishReason: "stop" | "length";
}

export interface EvaluationOptions {
  /** The first so many held-out prompts, or all if there are fewer. */
  readonly prompts: number;
  readonly samplesPerPrompt: number;
  readonly sampling: SamplingOptions;
  readonly batchPrompts: number;
  readonly seed: number;
  /** Called after each batch with the number of prompts done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Answers held-out prompts, in the task's order. */
export async function evaluatePolicy(
  policy: Policy,
  task: Task,
  verifiers: readonly WeightedVerifier[],
  options: EvaluationOptions,
): Promise<readonly EvaluationAnswer[]> {
  const total = Math.min(options.prompts, task.size("held-out"));
  const answers: EvaluationAnswer[] = [];
  for (let start = 0; start < total; start += options.batchPrompts) {
    await setImmediate();
    const indices = Array.from(
      { length: Math.min(options.batchPrompts, total - start) },
      (_, offset) => start + offset,
    );
    const prompts = await Promise.all(indices.map((index) => task.prompt("held-out", index)));
    const rollouts = await sampleRollouts(policy, prompts, options.samplesPerPrompt, options.sampling, {
      seed: options.seed,
      purpose: "evaluate",
    });
    for (const { prompt, rollouts: graded } of await verifyRollouts(verifiers, rollouts)) {
      for (const { sampleIndex, text, tokens, finishReason, verdict } of graded) {
        answers.push({
          promptId: prompt.id,
          sampleIndex,
          ...(prompt.family === undefined ? {} : { family: prompt.family }),
          referenceAnswer: prompt.referenceAnswer,
          text,
          ...(verdict.extracted === undefined ? {} : { extracted: verdict.extracted }),
          accuracy: verdict.components["accuracy"]!,
          reward: verdict.reward,
          components: verdict.components,
          responseLength: tokens.length,
          finishReason,
        });
      }
    }
    options.onProgress?.(Math.min(total, start + options.batchPrompts), total);
  }
  return answers;
}
