import { FoveaError } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { stepAdamW } from "./kernels/adamw.ts";
import type { ParameterLayout } from "./parameter-layout.ts";
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

  /** Steps the parameters along gradients, one parameter's after the other, multiplied by `scale`. */
  apply(parameters: Parameters, gradients: Float32Array, learningRate: number, scale: number): void {
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
    let offset = 0;
    for (const { name, shape } of parameters.layouts) {
      const weight = parameters.get(name);
      const gradient = tf.tensor(gradients.subarray(offset, offset + weight.size), [...shape], "float32");
      offset += weight.size;
      const operands = { weight, gradient, first: this.firstMoments.get(name), second: this.secondMoments.get(name) };
      const [value, first, second] = stepAdamW(operands, coefficients);
      gradient.dispose();
      // One parameter after the other, so that old and new values of all of them are never in memory at once.
      parameters.replace(name, value);
      this.firstMoments.replace(name, first);
      this.secondMoments.replace(name, second);
    }
  }

  dispose(): void {
    this.firstMoments.dispose();
    this.secondMoments.dispose();
  }
}

/** In float64, as four sums side by side: one alone would wait for each of its additions. */
function sumOfSquares(values: Float32Array): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let index = 0;
  for (; index + 4 <= values.length; index += 4) {
    first += values[index]! * values[index]!;
    second += values[index + 1]! * values[index + 1]!;
    third += values[index + 2]! * values[index + 2]!;
    fourth += values[index + 3]! * values[index + 3]!;
  }
  for (; index < values.length; index++) first += values[index]! * values[index]!;
  return first + second + (third + fourth);
}

/**
 * Global L2 norm of all gradients, summed in float64.
 *
 * @param gradients of all parameters, in the order of the layouts.
 * @throws FoveaError if it is not finite, naming a tensor at fault: nothing must be stepped along such a gradient.
 */
export function globalNorm(gradients: Float32Array, layouts: readonly ParameterLayout[]): number {
  const total = sumOfSquares(gradients);
  if (Number.isFinite(total)) return Math.sqrt(total);
  let end = 0;
  const culprit = layouts.find(({ shape }) => {
    const start = end;
    end += shape.reduce((product, length) => product * length, 1);
    return gradients.subarray(start, end).some((gradient) => !Number.isFinite(gradient));
  });
  throw new FoveaError(
    `the gradient is not finite (first in ${culprit?.sources.map((source) => source.name).join(", ")}); the step was not applied`,
  );
}
