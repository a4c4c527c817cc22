import Tinypool from "tinypool";
import { adoptKernels } from "./wasm-model/compiled-kernels.ts";
import { KernelMemory } from "./wasm-model/kernel-memory.ts";
import { KernelThread } from "./wasm-model/kernel-task.ts";
import { ModelKernels } from "./wasm-model/model-kernels.ts";
import type { LossGradient } from "./wasm-model/passes.ts";
import {
  ANSWERED,
  type LossExchange,
  type LossQuestion,
  type WorkerSetup,
  type WorkerTask,
} from "./worker-protocol.ts";

// TensorFlow.js is not loaded here: the loss is computed by the thread that asks.
const setup = Tinypool.workerData as WorkerSetup;
adoptKernels(setup.compiled);
const thread = new KernelThread(new ModelKernels(KernelMemory.of(setup.memory)), setup.config);

/** Thrown out of a pass when the loss could not be computed; the other side knows why. */
class LossRefused extends Error {}

function askForLoss(exchange: LossExchange): LossGradient {
  return (logprobs, shape) => {
    const question: LossQuestion = { logprobs, shape };
    exchange.port.postMessage(question);
    const state = new Int32Array(exchange.state);
    // Asleep rather than awaiting: what the pass has allocated stays in place, and nothing else may run on it meanwhile.
    Atomics.wait(state, 0, 0);
    if (Atomics.load(state, 0) !== ANSWERED) throw new LossRefused();
    return new Float32Array(exchange.answer);
  };
}

/** Runs one task; the entry point of a pool's worker. A gradient's result is whether the loss could be computed. */
export default function runTask({ kind, task, exchange }: WorkerTask): unknown {
  if (exchange === undefined) return thread.run(kind, task);
  try {
    thread.run(kind, task, askForLoss(exchange));
    return true;
  } catch (error) {
    if (error instanceof LossRefused) return false;
    throw error;
  } finally {
    exchange.port.close();
  }
}
