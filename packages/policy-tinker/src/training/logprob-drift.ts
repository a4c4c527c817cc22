import type { Rollout } from "@fovea-rl/core";
import { warn } from "../warn.ts";

/** |trainer's - sampler's log-probability| over the tokens of a mini-batch, at the same weights. */
export interface Drift {
  readonly mean: number;
  readonly maximum: number;
}

/** Remembers which weights each rollout was sampled with, and compares what sampler and trainer say of it. */
export class DriftMeter {
  readonly #threshold: number;
  readonly #remedy: string;
  readonly #versions = new WeakMap<Float32Array, number>();
  #latest: Drift | undefined;

  /**
   * @param threshold mean drift above which a warning is given, nats.
   * @param remedy what the warning suggests.
   */
  constructor(threshold: number, remedy: string) {
    this.#threshold = threshold;
    this.#remedy = remedy;
  }

  /** The drift measured last. */
  get latest(): Drift | undefined {
    return this.#latest;
  }

  /** Goes on from a checkpoint's. */
  restore(drift: Drift | undefined): void {
    this.#latest = drift;
  }

  /** @param version of the weights that sampled. */
  remember(rollout: Pick<Rollout, "behaviourLogprobs">, version: number): void {
    this.#versions.set(rollout.behaviourLogprobs, version);
  }

  /**
   * Measures the rollouts that these weights sampled, if any: others differ because of training.
   *
   * @param logprobs `[rollouts][T]` the trainer's.
   */
  note(
    rollouts: readonly Pick<Rollout, "behaviourLogprobs">[],
    logprobs: readonly ArrayLike<number>[],
    version: number,
  ): void {
    const drift = this.#measure(rollouts, logprobs, version);
    if (drift === undefined) return;
    this.#latest = drift;
    if (drift.mean <= this.#threshold) return;
    warn(
      `the sampler's and the trainer's log-probabilities of the same tokens differ by ${drift.mean.toFixed(4)} on average ` +
        `(at most ${drift.maximum.toFixed(4)}), above driftThreshold ${this.#threshold}; ${this.#remedy}`,
    );
  }

  #measure(
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
