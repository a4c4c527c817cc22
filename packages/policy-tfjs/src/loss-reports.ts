import type { GradientReport, LossOutput } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";

async function read(scalar: tf.Scalar): Promise<number> {
  return (await scalar.data())[0]!;
}

/** What a loss says of the micro-batches of one mini-batch, added up. The owner disposes it. */
export class LossReports {
  /** By micro-batch. */
  readonly #outputs = new Map<number, LossOutput>();
  readonly #kept: tf.Scalar[] = [];
  #loss = 0;
  readonly #metrics: Record<string, number> = {};

  /** Keeps a micro-batch's shares beyond the tape they are computed on. */
  keep(batch: number, { loss, metrics }: LossOutput): void {
    const named = Object.entries(metrics).map(([name, scalar]) => [name, this.#keep(scalar)] as const);
    this.#outputs.set(batch, { loss: this.#keep(loss), metrics: Object.fromEntries(named) });
  }

  #keep(scalar: tf.Scalar): tf.Scalar {
    const kept = tf.keep(tf.clone(scalar));
    this.#kept.push(kept);
    return kept;
  }

  /** The values of what was kept. Awaited, since a device such as WebGPU's cannot be read at once in Node. */
  async read(batch: number): Promise<GradientReport> {
    const { loss, metrics } = this.#outputs.get(batch)!;
    const named = await Promise.all(
      Object.entries(metrics).map(async ([name, scalar]) => [name, await read(scalar)] as const),
    );
    return { loss: await read(loss), metrics: Object.fromEntries(named) };
  }

  /** Adds a micro-batch's shares to the sums, which are the same bits if batches come in the same order. */
  add({ loss, metrics }: GradientReport): void {
    this.#loss += loss;
    for (const [name, value] of Object.entries(metrics)) this.#metrics[name] = (this.#metrics[name] ?? 0) + value;
  }

  sums(): GradientReport {
    return { loss: this.#loss, metrics: this.#metrics };
  }

  dispose(): void {
    tf.dispose(this.#kept);
  }
}
