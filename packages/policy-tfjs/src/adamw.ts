import { FoveaError } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { stepAdamW } from "./kernels/adamw.ts";
import { Parameters } from "./parameters.ts";

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled: every parameter shrinks by learningRate * weightDecay a step, as PyTorch's AdamW does by default. */
  readonly weightDecay: number;
}

export const ADAMW_DEFAULTS: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

/** AdamW (Loshchilov and Hutter 2019). Owns its moments. */
export class AdamW {
  readonly options: AdamWOptions;
  readonly firstMoments: Parameters;
  readonly secondMoments: Parameters;
  /** Steps taken, for the bias correction. */
  steps: number;

  constructor(options: AdamWOptions, firstMoments: Parameters, secondMoments: Parameters, steps: number) {
    this.options = options;
    this.firstMoments = firstMoments;
    this.secondMoments = secondMoments;
    this.steps = steps;
  }

  static create(parameters: Parameters, options: AdamWOptions): AdamW {
    return new AdamW(options, Parameters.zerosLike(parameters), Parameters.zerosLike(parameters), 0);
  }

  /** The same moments and step count under other coefficients; takes the place of this one. */
  withOptions(options: AdamWOptions): AdamW {
    return new AdamW(options, this.firstMoments, this.secondMoments, this.steps);
  }

  /** Steps the parameters along gradients multiplied by `scale`. */
  apply(parameters: Parameters, gradients: Parameters, learningRate: number, scale: number): void {
    const { beta1, beta2, epsilon, weightDecay } = this.options;
    this.steps++;
    const coefficients = {
      scale,
      beta1,
      beta2,
      epsilon,
      firstCorrection: learningRate / (1 - beta1 ** this.steps),
      secondCorrection: 1 / (1 - beta2 ** this.steps),
      keep: 1 - learningRate * weightDecay,
    };
    const updated = parameters.layouts.map(({ name }) =>
      stepAdamW(
        {
          weight: parameters.get(name),
          gradient: gradients.get(name),
          first: this.firstMoments.get(name),
          second: this.secondMoments.get(name),
        },
        coefficients,
      ),
    );
    parameters.replace(updated.map(([value]) => value));
    this.firstMoments.replace(updated.map(([, first]) => first));
    this.secondMoments.replace(updated.map(([, , second]) => second));
  }

  dispose(): void {
    this.firstMoments.dispose();
    this.secondMoments.dispose();
  }
}

/**
 * Global L2 norm of all gradients.
 *
 * @throws FoveaError if it is not finite, naming a tensor at fault: nothing must be stepped along such a gradient.
 */
export async function globalNorm(gradients: Parameters): Promise<number> {
  const sums = tf.tidy(() => tf.stack(gradients.list().map((tensor) => tf.sum(tf.square(tensor)))));
  const squares = await sums.data();
  sums.dispose();
  let total = 0;
  for (const square of squares) total += square;
  if (Number.isFinite(total)) return Math.sqrt(total);
  const culprit = gradients.layouts[squares.findIndex((square) => !Number.isFinite(square))];
  throw new FoveaError(
    `the gradient is not finite (first in ${culprit?.sources.map((source) => source.name).join(", ")}); the step was not applied`,
  );
}
