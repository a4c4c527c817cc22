import * as tf from "@tensorflow/tfjs-core";
import type { ParameterLayout, ReadParameter } from "./parameter-layout.ts";
import { type AdamWCoefficients, Parameters, type StepOperands } from "./parameters.ts";

/** Parameters as tensors of TensorFlow.js's backend, which never change: `replace` puts new ones in their place. */
export class TensorParameters extends Parameters {
  readonly #tensors = new Map<string, tf.Tensor>();
  readonly #disposals: (() => void)[] = [];
  #revision = 0;

  /** @param tensors one for each layout; owned by these parameters from now on. */
  constructor(layouts: readonly ParameterLayout[], tensors: readonly tf.Tensor[]) {
    super(layouts);
    layouts.forEach(({ name }, index) => {
      this.#tensors.set(name, tf.keep(tensors[index]!));
    });
  }

  static async read(layouts: readonly ParameterLayout[], read: ReadParameter): Promise<TensorParameters> {
    const tensors: tf.Tensor[] = [];
    try {
      for (const layout of layouts) tensors.push(tf.tensor(await read(layout), [...layout.shape], "float32"));
    } catch (error) {
      tf.dispose(tensors);
      throw error;
    }
    return new TensorParameters(layouts, tensors);
  }

  #derive(from: (tensor: tf.Tensor) => tf.Tensor): this {
    return new TensorParameters(this.layouts, this.list().map(from)) as this;
  }

  copy(): this {
    // A clone shares its data with the original: copies cost nothing until weights are replaced.
    return this.#derive((tensor) => tf.clone(tensor));
  }

  zeros(): this {
    return this.#derive((tensor) => tf.zeros(tensor.shape));
  }

  get<T extends tf.Tensor = tf.Tensor>(name: string): T {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw new Error(`there is no parameter "${name}"`);
    return tensor as T;
  }

  /** All tensors, in the order of the layouts. */
  list(): tf.Tensor[] {
    return this.layouts.map(({ name }) => this.get(name));
  }

  async values(name: string): Promise<Float32Array> {
    return (await this.get(name).data()) as Float32Array;
  }

  /** Grows whenever a tensor is replaced. */
  get revision(): number {
    return this.#revision;
  }

  /** Takes ownership of a new tensor for one parameter, and frees the old one. */
  replace(name: string, tensor: tf.Tensor): void {
    this.get(name).dispose();
    this.#tensors.set(name, tf.keep(tensor));
    this.#revision++;
  }

  async add(other: this): Promise<void> {
    for (const { name } of this.layouts) this.replace(name, tf.add(this.get(name), other.get(name)));
  }

  async squares(): Promise<number> {
    const sums = tf.tidy(() => tf.stack(this.list().map((tensor) => tf.sum(tf.square(tensor)))));
    const values = (await sums.data()) as Float32Array;
    sums.dispose();
    return values.reduce((total, value) => total + value, 0);
  }

  async step({ gradient, firstMoments, secondMoments }: StepOperands<this>, coefficients: AdamWCoefficients) {
    // One parameter after the other, so that old and new values of all of them are never in memory at once.
    for (const { name } of this.layouts) {
      const [weight, first, second] = stepInOperations(
        this.get(name),
        gradient.get(name),
        firstMoments.get(name),
        secondMoments.get(name),
        coefficients,
      );
      this.replace(name, weight);
      firstMoments.replace(name, first);
      secondMoments.replace(name, second);
    }
  }

  /** Has something done when these are disposed. */
  onDispose(action: () => void): void {
    this.#disposals.push(action);
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
    for (const action of this.#disposals.splice(0)) action();
  }
}

/** New weight and moments of one parameter. */
export function stepInOperations(
  weight: tf.Tensor,
  gradient: tf.Tensor,
  first: tf.Tensor,
  second: tf.Tensor,
  { scale, beta1, beta2, epsilon, firstCorrection, secondCorrection, keep }: AdamWCoefficients,
): [weight: tf.Tensor, first: tf.Tensor, second: tf.Tensor] {
  return tf.tidy(() => {
    const scaled = tf.mul(gradient, scale);
    const newFirst = tf.add(tf.mul(first, beta1), tf.mul(scaled, 1 - beta1));
    const newSecond = tf.add(tf.mul(second, beta2), tf.mul(tf.square(scaled), 1 - beta2));
    const denominator = tf.add(tf.sqrt(tf.mul(newSecond, secondCorrection)), epsilon);
    const step = tf.mul(tf.div(newFirst, denominator), firstCorrection);
    return [tf.sub(tf.mul(weight, keep), step), newFirst, newSecond];
  });
}
