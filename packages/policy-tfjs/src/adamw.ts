import { FoveaError } from "@fovea-rl/core";
import type { Parameters } from "./parameters.ts";

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled: every parameter shrinks by learningRate * weightDecay a step, as PyTorch's AdamW does by default. */
  readonly weightDecay: number;
}

export const ADAMW_DEFAULTS: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

/** First and second moments of the gradients; there are none before the first step. */
export interface Moments {
  readonly first: Parameters;
  readonly second: Parameters;
}

/** AdamW (Loshchilov and Hutter 2019). Owns its moments. */
export class AdamW {
  readonly options: AdamWOptions;
  #moments: Moments | undefined;
  /** For the bias correction. */
  #steps: number;

  constructor(options: AdamWOptions, moments: Moments | undefined = undefined, steps = 0) {
    this.options = options;
    this.#moments = moments;
    this.#steps = steps;
  }

  /** Steps taken. */
  get steps(): number {
    return this.#steps;
  }

  get moments(): Moments | undefined {
    return this.#moments;
  }

  /** The same moments and step count under other coefficients; takes the place of this one. */
  withOptions(options: AdamWOptions): AdamW {
    return new AdamW(options, this.#moments, this.#steps);
  }

  /** Steps the parameters along a gradient, multiplied by `scale`. */
  async apply(parameters: Parameters, gradient: Parameters, learningRate: number, scale: number): Promise<void> {
    const { beta1, beta2, epsilon, weightDecay } = this.options;
    this.#moments ??= { first: parameters.zeros(), second: parameters.zeros() };
    this.#steps++;
    const { first: firstMoments, second: secondMoments } = this.#moments;
    await parameters.step(
      { gradient, firstMoments, secondMoments },
      {
        scale,
        beta1,
        beta2,
        epsilon,
        firstCorrection: learningRate / (1 - beta1 ** this.#steps),
        secondCorrection: 1 / (1 - beta2 ** this.#steps),
        keep: 1 - learningRate * weightDecay,
      },
    );
  }

  dispose(): void {
    this.#moments?.first.dispose();
    this.#moments?.second.dispose();
    this.#moments = undefined;
  }
}

/**
 * Global L2 norm of a gradient.
 *
 * @throws FoveaError if it is not finite, naming a tensor at fault: nothing must be stepped along such a gradient.
 */
export async function globalNorm(gradient: Parameters): Promise<number> {
  const squares = await gradient.squares();
  if (Number.isFinite(squares)) return Math.sqrt(squares);
  for (const { name, sources } of gradient.layouts) {
    const values = await gradient.values(name);
    if (values.every((value) => Number.isFinite(value))) continue;
    const names = sources.map((source) => source.name).join(", ");
    throw new FoveaError(`the gradient is not finite (first in ${names}); the step was not applied`);
  }
  throw new FoveaError("the gradient's norm is beyond what can be represented; the step was not applied");
}
