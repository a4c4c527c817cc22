import * as tf from "@tensorflow/tfjs-core";
import Tinypool from "tinypool";
import { startBackend } from "./backend.ts";
import type { ModelConfig } from "./model-config.ts";
import { runGradientPass, runSamplePass, runScorePass } from "./passes.ts";
import { type SharedWeights, WeightsReader } from "./shared-weights.ts";
import { adoptKernels, type CompiledKernels } from "./wasm-model/compiled-kernels.ts";
import { ANSWERED, type LossExchange, type LossQuestion, type WorkerTask } from "./worker-protocol.ts";

// Compiled once, by the thread that started this one.
adoptKernels(Tinypool.workerData as CompiledKernels);

/** The sets of weights that this worker reads. */
const readers = new Map<number, WeightsReader>();

function weightsOf(shared: SharedWeights, config: ModelConfig): WeightsReader {
  let reader = readers.get(shared.set);
  if (reader === undefined) {
    reader = new WeightsReader(shared, config);
    readers.set(shared.set, reader);
  }
  reader.follow(shared.revision);
  return reader;
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

/** Leaves the gradient in shared memory; tells whether the loss could be computed. */
async function differentiate(
  { pass, config, exchange, gradient }: WorkerTask & { kind: "gradient" },
  weights: WeightsReader,
): Promise<boolean> {
  try {
    await runGradientPass(
      pass,
      weights,
      config,
      (logprobs) => askForLoss(logprobs, exchange),
      new Float32Array(gradient),
    );
    return true;
  } catch (error) {
    if (error instanceof LossRefused) return false;
    throw error;
  } finally {
    exchange.port.close();
  }
}

/** Runs one pass with kernels of our own; the entry point of a pool's worker. */
export default async function runTask(task: WorkerTask): Promise<unknown> {
  await startBackend("wasm");
  const weights = weightsOf(task.weights, task.config);
  switch (task.kind) {
    case "sample":
      return runSamplePass(task.pass, weights, task.config);
    case "score":
      return runScorePass(task.pass, weights, task.config);
    case "gradient":
      return differentiate(task, weights);
  }
}
