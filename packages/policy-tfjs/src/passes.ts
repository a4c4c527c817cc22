import { type RandomKey, randomGenerator } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { responseDistributions, responseLogprobs } from "./language-model.ts";
import type { ModelConfig } from "./model-config.ts";
import { guardObjective, type Objective } from "./objective.ts";
import { checkpointed, recorded } from "./operations/checkpoint.ts";
import { rearrangeRows } from "./operations/embedding.ts";
import type { ModelWeights } from "./parameters.ts";
import { type SampledResponse, type SampleSettings, sampleResponses } from "./sample-responses.ts";
import {
  createPrefixBatch,
  createResponseBatch,
  disposePrefixBatch,
  disposeResponseBatch,
  type ModelPrompt,
  type PrefixBatch,
  type ResponseBatch,
} from "./token-batch.ts";
import { differentiateInWasm, scoreInWasm } from "./wasm-model/passes.ts";
import { sampleInWasm } from "./wasm-model/sample-responses.ts";
import { fitsInWasm } from "./wasm-model/wasm-model.ts";

/*
 * The three units of work of the engine, as plain data in and plain data out, so that this thread and a worker do the same. Which
 * units there are depends on the options alone, never on who runs them: results are the same bits for any number of workers.
 */

/** The backend wasm is fastest with kernels of our own; those of TensorFlow.js are the reference that tests hold them to. */
function computesInWasm(): boolean {
  return tf.getBackend() === "wasm";
}

/** One token at a time, launching TensorFlow's kernels takes longer than they run; where the weights fit, it samples with ours. */
export function samplesInWasm({ layouts }: Pick<ModelWeights, "layouts">): boolean {
  return tf.getBackend() === "wasm" || (tf.getBackend() === "tensorflow" && fitsInWasm(layouts));
}

/** Samples G responses to each of B prompts. */
export interface SamplePass {
  readonly prompts: readonly ModelPrompt[];
  /** `[B][G]` */
  readonly randomKeys: readonly (readonly RandomKey[])[];
  readonly settings: SampleSettings;
}

/** B prompts with up to G responses each, to be scored or differentiated. */
export interface ResponsePass {
  readonly prompts: readonly ModelPrompt[];
  /** `[B][up to G]`, each `[T]`. */
  readonly responses: readonly (readonly Int32Array[])[];
  readonly temperature: number;
}

export interface ScorePass extends ResponsePass {
  /** The whole vocabulary's log-probabilities rather than the tokens' alone. */
  readonly distributions: boolean;
}

export interface GradientPass extends ResponsePass {
  /** `[N]` the rows of the batch (g * B + b) that hold responses, in the order of the loss. */
  readonly rows: Int32Array;
  /** Whether layers are run again for their gradient rather than kept. */
  readonly checkpointed: boolean;
}

export interface ScoreResult {
  /** `[G * B, length]` log-probabilities, or `[G * B, length, vocabulary]`. */
  readonly values: Float32Array;
  /** The longest response. */
  readonly length: number;
}

export function runSamplePass(
  { prompts, randomKeys, settings }: SamplePass,
  weights: ModelWeights,
  config: ModelConfig,
): Promise<SampledResponse[][]> {
  const generators = randomKeys.map((keys) => keys.map(randomGenerator));
  if (samplesInWasm(weights)) return Promise.resolve(sampleInWasm(prompts, generators, weights, config, settings));
  return sampleResponses(prompts, generators, weights.tensors(), config, settings);
}

/** Lays out a pass's batches for as long as `run` needs them. */
async function withBatches<Result>(
  pass: ResponsePass,
  config: ModelConfig,
  run: (prefix: PrefixBatch, responses: ResponseBatch) => Result | Promise<Result>,
): Promise<Result> {
  const prefix = createPrefixBatch(pass.prompts, config);
  const responses = createResponseBatch(prefix, pass.responses, config);
  try {
    return await run(prefix, responses);
  } finally {
    disposePrefixBatch(prefix);
    disposeResponseBatch(responses);
  }
}

export function runScorePass(pass: ScorePass, weights: ModelWeights, config: ModelConfig): Promise<ScoreResult> {
  if (computesInWasm()) return Promise.resolve(scoreInWasm(pass, weights, config));
  const compute = pass.distributions ? responseDistributions : responseLogprobs;
  return withBatches(pass, config, async (prefix, responses) => {
    const result = tf.tidy(() => compute(prefix, responses, weights.tensors(), config, pass.temperature));
    const values = (await result.data()) as Float32Array;
    result.dispose();
    return { values, length: responses.length };
  });
}

/**
 * The gradient of a scalar of the responses' log-probabilities.
 *
 * @param objective from log-probabilities `[N, T]`, in the order of `rows`, to the scalar; called once.
 * @param into takes dLoss/dparameter of all parameters, one after the other, in their order.
 */
export async function runGradientPass(
  pass: GradientPass,
  weights: ModelWeights,
  config: ModelConfig,
  objective: Objective,
  into: Float32Array,
): Promise<void> {
  if (computesInWasm()) {
    differentiateInWasm(pass, weights, config, objective, into);
    return;
  }
  const parameters = weights.tensors();
  const run = pass.checkpointed ? checkpointed : recorded;
  const { guarded, rethrow } = guardObjective(objective);
  const gradients = await withBatches(pass, config, (prefix, responses) =>
    tf.tidy(() =>
      tf.grads(() => {
        const all = responseLogprobs(prefix, responses, parameters, config, pass.temperature, run);
        return guarded(rearrangeRows(all, pass.rows));
      })(parameters.list()),
    ),
  );
  try {
    rethrow();
  } catch (error) {
    tf.dispose(gradients);
    throw error;
  }
  let offset = 0;
  for (const gradient of gradients) {
    into.set((await gradient.data()) as Float32Array, offset);
    offset += gradient.size;
  }
  tf.dispose(gradients);
}
