import { FoveaError } from "@fovea-rl/core";
import type { Parameters } from "./parameters.ts";

/** The sum of micro-batches' gradients since the last step. Owns what is added to it. */
export class GradientSum {
  #sum: Parameters | undefined;

  get isEmpty(): boolean {
    return this.#sum === undefined;
  }

  async add(gradient: Parameters): Promise<void> {
    if (this.#sum === undefined) {
      this.#sum = gradient;
      return;
    }
    await this.#sum.add(gradient);
    gradient.dispose();
  }

  /** Adds another sum, which is empty afterwards. */
  async take(other: GradientSum): Promise<void> {
    const sum = other.#sum;
    other.#sum = undefined;
    if (sum !== undefined) await this.add(sum);
  }

  /** Hands the sum over while `use` runs. Afterwards there is none, whether or not `use` throws. @throws FoveaError if it is empty. */
  async spend<Result>(use: (sum: Parameters) => Promise<Result>): Promise<Result> {
    const sum = this.#sum;
    if (sum === undefined) throw new FoveaError("there is no gradient to step along");
    this.#sum = undefined;
    try {
      return await use(sum);
    } finally {
      sum.dispose();
    }
  }

  discard(): void {
    this.#sum?.dispose();
    this.#sum = undefined;
  }
}
