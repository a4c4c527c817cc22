import type { ModelConfig } from "./model-config.ts";
import type { Objective } from "./objective.ts";
import type { Parameters } from "./parameters.ts";
import {
  type GradientPass,
  runGradientPass,
  runSamplePass,
  runScorePass,
  type SamplePass,
  type ScorePass,
  type ScoreResult,
} from "./passes.ts";
import type { SampledResponse } from "./sample-responses.ts";

/** Who runs the engine's passes: this thread, or a pool of workers. */
export interface PassExecutor {
  /** How many sampling passes can run at once. */
  readonly samplingWidth: number;
  /** How many scoring or gradient passes can run at once. */
  readonly width: number;
  sample(pass: SamplePass, parameters: Parameters): Promise<SampledResponse[][]>;
  score(pass: ScorePass, parameters: Parameters): Promise<ScoreResult>;
  /**
   * @param objective from log-probabilities `[N, T]` to the scalar to differentiate; runs in this thread.
   * @param into takes the gradient of all parameters, one after the other; from allocate.
   */
  gradient(pass: GradientPass, parameters: Parameters, objective: Objective, into: Float32Array): Promise<void>;
  /** Room for what passes read or write, all 0: in memory shared with whoever runs them, as messages copy what is not. */
  allocate(size: number): Float32Array;
  /** Counts one more policy that uses it. */
  acquire(): void;
  /** Counts one less; the last frees what it holds. */
  release(): Promise<void>;
}

/** Runs passes in this thread, one after the other. */
export function localExecutor(config: ModelConfig): PassExecutor {
  return {
    samplingWidth: 1,
    width: 1,
    sample: (pass, parameters) => runSamplePass(pass, parameters, config),
    score: (pass, parameters) => runScorePass(pass, parameters, config),
    gradient: (pass, parameters, objective, into) => runGradientPass(pass, parameters, config, objective, into),
    allocate: (size) => new Float32Array(size),
    acquire: () => {},
    release: async () => {},
  };
}

/**
 * Runs up to `width` passes at a time and hands their results on in the passes' order, so that sums come out the same whoever
 * finishes first. After a failure no further pass starts, and the failure is thrown when those under way have ended.
 */
export async function inOrder<Pass, Result>(
  width: number,
  passes: readonly Pass[],
  run: (pass: Pass, index: number) => Promise<Result>,
  consume: (result: Result, index: number) => void,
): Promise<void> {
  const running: Promise<Result>[] = [];
  let started = 0;
  let finished = 0;
  try {
    while (finished < passes.length) {
      while (started < passes.length && started < finished + width) {
        const pending = run(passes[started]!, started);
        // Its failure is seen when its turn comes; until then it must not count as unhandled.
        pending.catch(() => {});
        running.push(pending);
        started++;
      }
      consume(await running.shift()!, finished);
      finished++;
    }
  } finally {
    await Promise.allSettled(running);
  }
}
