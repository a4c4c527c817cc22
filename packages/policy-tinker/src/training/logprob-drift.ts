import type { Rollout } from "@fovea-rl/core";

/** |trainer's - sampler's log-probability| over the tokens of a mini-batch, at the same weights. */
export interface Drift {
  readonly mean: number;
  readonly maximum: number;
}

/** Remembers which weights each rollout was sampled with, and compares what sampler and trainer say of it. */
export class DriftMeter {
  readonly #versions = new WeakMap<Float32Array, number>();

  /** @param version of the weights that sampled. */
  remember(rollout: Pick<Rollout, "behaviourLogprobs">, version: number): void {
    this.#versions.set(rollout.behaviourLogprobs, version);
  }

  /**
   * @param logprobs `[rollouts][T]` the trainer's.
   * @returns `undefined` if no rollout was sampled with these weights: later ones differ because of training.
   */
  measure(
    rollouts: readonly Pick<Rollout, "behaviourLogprobs">[],
    logprobs: readonly ArrayLike<number>[],
    version: number,
  ): Drift | undefined {
    let sum = 0;
    let count = 0;
    let maximum = 0;
    rollouts.forEach(({ behaviourLogprobs }, index) => {
      if (this.#versions.get(behaviourLogprobs) !== version) return;
      behaviourLogprobs.forEach((sampled, token) => {
        const difference = Math.abs(logprobs[index]![token]! - sampled);
        sum += difference;
        maximum = Math.max(maximum, difference);
        count++;
      });
    });
    return count === 0 ? undefined : { mean: sum / count, maximum };
  }
}
