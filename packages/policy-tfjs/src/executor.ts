import type { Objective } from "./objective.ts";
import type { ReadParameter } from "./parameter-layout.ts";
import type { Parameters } from "./parameters.ts";
import type { GradientPass, SamplePass, ScorePass, ScoreResult } from "./passes.ts";
import type { SampledResponse } from "./sample-responses.ts";

/** Who holds an engine's parameters and computes with them: TensorFlow.js's backend, or kernels of our own in one or more threads. */
export interface Executor<Set extends Parameters = Parameters> {
  /** How many sampling passes can run at once. */
  readonly samplingWidth: number;
  /** How many scoring or gradient passes can run at once. */
  readonly width: number;
  /** Whether products are summed up by kernels of our own. */
  readonly usesKernels: boolean;
  /** Reads one parameter after the other, and leaves nothing behind if one cannot be read. */
  createParameters(read: ReadParameter): Promise<Set>;
  sample(pass: SamplePass, parameters: Set): Promise<SampledResponse[][]>;
  score(pass: ScorePass, parameters: Set): Promise<ScoreResult>;
  /**
   * @param objective from log-probabilities `[N, T]`, in the order of the pass's rows, to the scalar to differentiate; called once, in
   *   this thread.
   * @returns dLoss/dparameter of all parameters.
   */
  gradient(pass: GradientPass, parameters: Set, objective: Objective): Promise<Set>;
  /** Room for what passes read, all 0: in memory shared with whoever runs them, as messages copy what is not. */
  allocate(size: number): Float32Array;
  /** Counts one more policy that uses it. */
  acquire(): void;
  /** Counts one less; the last frees what it holds. */
  release(): Promise<void>;
}

/**
 * Runs up to `width` passes at a time and hands their results on in the passes' order, so that sums come out the same whoever
 * finishes first. After a failure no further pass starts, and the failure is thrown when those under way have ended.
 */
export async function inOrder<Pass, Result>(
  width: number,
  passes: readonly Pass[],
  run: (pass: Pass, index: number) => Promise<Result>,
  consume: (result: Result, index: number) => void | Promise<void>,
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
      await consume(await running.shift()!, finished);
      finished++;
    }
  } finally {
    await Promise.allSettled(running);
  }
}
