import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "./backend.ts";
import type { ModelConfig } from "./model-config.ts";
import type { Parameters } from "./parameters.ts";
import { type GradientPass, runGradientPass, runSamplePass, runScorePass } from "./passes.ts";
import { readSharedWeights, type SharedWeights } from "./shared-weights.ts";
import {
  ANSWERED,
  type LossExchange,
  type LossQuestion,
  type WorkerGradient,
  type WorkerTask,
} from "./worker-protocol.ts";

/** The sets of weights that this worker has as tensors of its own. */
const sets = new Map<number, { readonly revision: number; readonly parameters: Parameters }>();

function parametersOf(weights: SharedWeights, config: ModelConfig): Parameters {
  const known = sets.get(weights.set);
  if (known?.revision === weights.revision) return known.parameters;
  known?.parameters.dispose();
  const parameters = readSharedWeights(weights.values, config);
  sets.set(weights.set, { revision: weights.revision, parameters });
  return parameters;
}

/** Thrown out of a tape when the loss could not be computed; the other side knows why. */
class LossRefused extends Error {}

/** sum(logprobs * dLoss/dlogprob): its gradient is the loss's, by the chain rule. */
function askForLoss(logprobs: tf.Tensor2D, exchange: LossExchange): tf.Scalar {
  const question: LossQuestion = { logprobs: logprobs.dataSync() as Float32Array, shape: logprobs.shape };
  exchange.port.postMessage(question);
  const state = new Int32Array(exchange.state);
  // Asleep rather than awaiting: the tape is open, and nothing else may run on this thread's tensors meanwhile.
  Atomics.wait(state, 0, 0);
  if (Atomics.load(state, 0) !== ANSWERED) throw new LossRefused();
  const weights = tf.tensor2d(new Float32Array(exchange.answer).slice(), logprobs.shape);
  return tf.sum(tf.mul(logprobs, weights));
}

async function differentiate(
  pass: GradientPass,
  parameters: Parameters,
  config: ModelConfig,
  exchange: LossExchange,
): Promise<WorkerGradient> {
  try {
    const gradients = await runGradientPass(pass, parameters, config, (logprobs) => askForLoss(logprobs, exchange));
    const values = await Promise.all(gradients.map(async (tensor) => (await tensor.data()) as Float32Array));
    tf.dispose(gradients);
    return values;
  } catch (error) {
    if (error instanceof LossRefused) return undefined;
    throw error;
  } finally {
    exchange.port.close();
  }
}

/** Runs one pass; the entry point of a pool's worker. */
export default async function runTask(task: WorkerTask): Promise<unknown> {
  await startBackend(task.backend);
  const parameters = parametersOf(task.weights, task.config);
  switch (task.kind) {
    case "sample":
      return runSamplePass(task.pass, parameters, task.config);
    case "score":
      return runScorePass(task.pass, parameters, task.config);
    case "gradient":
      return differentiate(task.pass, parameters, task.config, task.exchange);
  }
}
