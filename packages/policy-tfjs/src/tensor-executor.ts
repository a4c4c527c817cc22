import { randomGenerator } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Executor } from "./executor.ts";
import { KernelExecutor } from "./kernel-executor.ts";
import { responseDistributions, responseLogprobs } from "./language-model.ts";
import type { ModelConfig } from "./model-config.ts";
import { guardObjective, type Objective } from "./objective.ts";
import { checkpointed, recorded } from "./operations/checkpoint.ts";
import { rearrangeRows } from "./operations/embedding.ts";
import { parameterLayouts, type ReadParameter } from "./parameter-layout.ts";
import type { GradientPass, ResponsePass, SamplePass, ScorePass, ScoreResult } from "./passes.ts";
import { type SampledResponse, sampleResponses } from "./sample-responses.ts";
import { TensorParameters } from "./tensor-parameters.ts";
import {
  createPrefixBatch,
  createResponseBatch,
  disposePrefixBatch,
  disposeResponseBatch,
  type PrefixBatch,
  type ResponseBatch,
} from "./token-batch.ts";
import type { PackedCopy } from "./wasm-model/packed-copy.ts";

/** Weights that the kernels sample with, and which state of the tensors they are a copy of. */
interface KernelCopy {
  readonly copy: PackedCopy;
  revision: number | undefined;
}

interface TensorExecutorOptions {
  /** Whether layers are run again for their gradient rather than kept. */
  readonly gradientCheckpointing: boolean;
  /** Threads that sample with kernels of our own; 0 where TensorFlow.js's operations sample. */
  readonly samplingWorkers: number;
}

/** Computes in TensorFlow.js's operations, on its backend, in this thread. */
export class TensorExecutor implements Executor<TensorParameters> {
  readonly width = 1;
  readonly usesKernels: boolean;
  readonly #config: ModelConfig;
  readonly #gradientCheckpointing: boolean;
  /** One token at a time, launching TensorFlow's kernels takes longer than they run; ours sample where they can. */
  readonly #sampler: KernelExecutor | undefined;
  readonly #copies = new Map<TensorParameters, KernelCopy>();

  constructor(config: ModelConfig, { gradientCheckpointing, samplingWorkers }: TensorExecutorOptions) {
    this.#config = config;
    this.#gradientCheckpointing = gradientCheckpointing;
    this.#sampler = samplingWorkers === 0 ? undefined : new KernelExecutor(samplingWorkers, config);
    this.usesKernels = this.#sampler !== undefined;
  }

  get samplingWidth(): number {
    return this.#sampler?.width ?? 1;
  }

  createParameters(read: ReadParameter): Promise<TensorParameters> {
    return TensorParameters.read(parameterLayouts(this.#config), read);
  }

  async sample(pass: SamplePass, parameters: TensorParameters): Promise<SampledResponse[][]> {
    if (this.#sampler !== undefined) {
      return this.#sampler.sampleFrom(pass, this.#copyOf(parameters, this.#sampler).weights);
    }
    const generators = pass.randomKeys.map((keys) => keys.map(randomGenerator));
    return sampleResponses(pass.prompts, generators, parameters, this.#config, pass.settings);
  }

  /** The weights in the kernels' memory, up to date. At once, so that passes that start together find one copy. */
  #copyOf(parameters: TensorParameters, sampler: KernelExecutor): PackedCopy {
    const known = this.#copies.get(parameters) ?? this.#createCopy(parameters, sampler);
    const { copy, revision } = known;
    if (revision === parameters.revision) return copy;
    for (const { name } of parameters.layouts) copy.write(name, parameters.get(name).dataSync() as Float32Array);
    known.revision = parameters.revision;
    return copy;
  }

  #createCopy(parameters: TensorParameters, sampler: KernelExecutor): KernelCopy {
    const created: KernelCopy = { copy: sampler.createCopy(), revision: undefined };
    this.#copies.set(parameters, created);
    parameters.onDispose(() => {
      created.copy.dispose();
      this.#copies.delete(parameters);
    });
    return created;
  }

  /** Lays out a pass's batches for as long as `run` needs them. */
  async #withBatches<Result>(
    pass: ResponsePass,
    run: (prefix: PrefixBatch, responses: ResponseBatch) => Promise<Result>,
  ): Promise<Result> {
    const prefix = createPrefixBatch(pass.prompts, this.#config);
    const responses = createResponseBatch(prefix, pass.responses, this.#config);
    try {
      return await run(prefix, responses);
    } finally {
      disposePrefixBatch(prefix);
      disposeResponseBatch(responses);
    }
  }

  score(pass: ScorePass, parameters: TensorParameters): Promise<ScoreResult> {
    const compute = pass.distributions ? responseDistributions : responseLogprobs;
    return this.#withBatches(pass, async (prefix, responses) => {
      const result = tf.tidy(() => compute(prefix, responses, parameters, this.#config, pass.temperature));
      const values = (await result.data()) as Float32Array;
      result.dispose();
      return { values, length: responses.length };
    });
  }

  async gradient(pass: GradientPass, parameters: TensorParameters, objective: Objective): Promise<TensorParameters> {
    const run = this.#gradientCheckpointing ? checkpointed : recorded;
    const { guarded, rethrow } = guardObjective(objective);
    const gradients = await this.#withBatches(pass, async (prefix, responses) =>
      tf.tidy(() =>
        tf.grads(() => {
          const all = responseLogprobs(prefix, responses, parameters, this.#config, pass.temperature, run);
          return guarded(rearrangeRows(all, pass.rows));
        })(parameters.list()),
      ),
    );
    const gradient = new TensorParameters(parameters.layouts, gradients);
    try {
      rethrow();
    } catch (error) {
      gradient.dispose();
      throw error;
    }
    return gradient;
  }

  allocate(size: number): Float32Array {
    return this.#sampler?.allocate(size) ?? new Float32Array(size);
  }

  acquire(): void {
    this.#sampler?.acquire();
  }

  async release(): Promise<void> {
    await this.#sampler?.release();
  }
}
