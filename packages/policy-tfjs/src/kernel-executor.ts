import type { Executor } from "./executor.ts";
import type { ModelConfig } from "./model-config.ts";
import { type Objective, objectiveGradient } from "./objective.ts";
import type { ReadParameter } from "./parameter-layout.ts";
import type { GradientPass, SamplePass, ScorePass, ScoreResult } from "./passes.ts";
import type { SampledResponse } from "./sample-responses.ts";
import { KernelParameters } from "./wasm-model/kernel-parameters.ts";
import { KernelThread } from "./wasm-model/kernel-task.ts";
import { type KernelThreads, oneThread } from "./wasm-model/kernel-threads.ts";
import { ModelKernels } from "./wasm-model/model-kernels.ts";
import { PackedCopy } from "./wasm-model/packed-copy.ts";
import type { PlacedWeights } from "./wasm-model/wasm-model.ts";
import { WorkerThreads } from "./wasm-model/worker-threads.ts";

/** Computes with kernels of our own, in this thread or in workers beside it; TensorFlow.js differentiates the loss alone. */
export class KernelExecutor implements Executor<KernelParameters> {
  readonly width: number;
  readonly usesKernels = true;
  readonly #threads: KernelThreads;
  readonly #workers: WorkerThreads | undefined;
  #users = 0;

  constructor(workers: number, config: ModelConfig) {
    const own = new KernelThread(new ModelKernels(), config);
    this.width = workers;
    this.#workers = workers > 1 ? new WorkerThreads(workers, own, config) : undefined;
    this.#threads = this.#workers ?? oneThread(own);
  }

  get samplingWidth(): number {
    return this.width;
  }

  createParameters(read: ReadParameter): Promise<KernelParameters> {
    return KernelParameters.read(read, this.#threads);
  }

  async sample(pass: SamplePass, parameters: KernelParameters): Promise<SampledResponse[][]> {
    return this.sampleFrom(pass, await parameters.weights("forward"));
  }

  /** Samples from weights in the kernels' memory, whoever has put them there. */
  sampleFrom(pass: SamplePass, weights: PlacedWeights): Promise<SampledResponse[][]> {
    return this.#threads.run("sample", { weights, pass });
  }

  /** Room in the kernels' memory for a copy of weights that are not this executor's. */
  createCopy(): PackedCopy {
    return new PackedCopy(this.#threads.own);
  }

  async score(pass: ScorePass, parameters: KernelParameters): Promise<ScoreResult> {
    return this.#threads.run("score", { weights: await parameters.weights("forward"), pass });
  }

  async gradient(pass: GradientPass, parameters: KernelParameters, objective: Objective): Promise<KernelParameters> {
    const weights = await parameters.weights("gradient");
    const gradient = new KernelParameters(this.#threads);
    try {
      await this.#threads.gradient({ weights, pass, gradient: gradient.address }, (logprobs, shape) =>
        objectiveGradient(logprobs, shape, objective),
      );
    } catch (error) {
      gradient.dispose();
      throw error;
    }
    return gradient;
  }

  allocate(size: number): Float32Array {
    return new Float32Array(new SharedArrayBuffer(4 * size));
  }

  acquire(): void {
    this.#users++;
  }

  async release(): Promise<void> {
    this.#users--;
    if (this.#users === 0) await this.#workers?.close();
  }
}
