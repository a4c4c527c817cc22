import { FoveaError } from "@fovea-rl/core";

/** The sum of micro-batches' gradients since the last step, all parameters one after the other. */
export class GradientSum {
  #sum: Float32Array | undefined;
  /** Rooms that nobody uses. */
  readonly #rooms: Float32Array[] = [];
  readonly #allocate: () => Float32Array;

  constructor(allocate: () => Float32Array) {
    this.#allocate = allocate;
  }

  get isEmpty(): boolean {
    return this.#sum === undefined;
  }

  /** Room for the gradient of one micro-batch, to be written over as a whole and then added. Used again: fresh memory is slow to touch. */
  room(): Float32Array {
    return this.#rooms.pop() ?? this.#allocate();
  }

  /** Adds what was written to a room, and takes the room back. */
  add(gradient: Float32Array): void {
    const sum = this.#sum;
    if (sum === undefined) {
      this.#sum = gradient;
      return;
    }
    for (let index = 0; index < sum.length; index++) sum[index] = sum[index]! + gradient[index]!;
    this.#rooms.push(gradient);
  }

  /** Hands the sum over while `use` runs. Afterwards there is none, whether or not `use` throws. @throws FoveaError if it is empty. */
  spend<Result>(use: (sum: Float32Array) => Result): Result {
    const sum = this.#sum;
    if (sum === undefined) throw new FoveaError("there is no gradient to step along");
    this.#sum = undefined;
    try {
      return use(sum);
    } finally {
      this.#rooms.push(sum);
    }
  }

  discard(): void {
    this.#sum = undefined;
  }
}
