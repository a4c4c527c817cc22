import { MessageChannel } from "node:worker_threads";
import Tinypool from "tinypool";
import type { ModelConfig } from "../model-config.ts";
import { ANSWERED, type LossQuestion, REFUSED, type WorkerSetup, type WorkerTask } from "../worker-protocol.ts";
import { compiledKernels } from "./compiled-kernels.ts";
import type { KernelResults, KernelTaskKind, KernelTasks, KernelThread } from "./kernel-task.ts";
import type { KernelThreads } from "./kernel-threads.ts";
import type { LossGradient } from "./passes.ts";

/** The worker's file: beside the bundle when built. Sources need the workspace's export condition. */
function workerEntry(): { readonly filename: string; readonly execArgv: string[] } {
  const fromSource = import.meta.url.endsWith(".ts");
  return {
    filename: new URL(fromSource ? "../engine-worker.ts" : "./engine-worker.js", import.meta.url).href,
    execArgv: fromSource ? ["--conditions=@fovea-rl/source"] : [],
  };
}

/** Answers a worker's question for dLoss/dlogprobs in this thread, where the loss lives. */
function answerQuestions(
  { pass: { rows, responses } }: KernelTasks["gradient"],
  lossGradient: LossGradient,
): {
  readonly exchange: { port: MessageChannel["port2"]; state: SharedArrayBuffer; answer: SharedArrayBuffer };
  failure(): unknown;
  close(): void;
} {
  const { port1, port2 } = new MessageChannel();
  const state = new SharedArrayBuffer(4);
  const columns = Math.max(1, ...responses.flat().map((response) => response.length));
  const answer = new SharedArrayBuffer(4 * rows.length * columns);
  let failure: unknown;
  port1.on("message", ({ logprobs, shape }: LossQuestion) => {
    const flag = new Int32Array(state);
    try {
      new Float32Array(answer).set(lossGradient(logprobs, shape));
      Atomics.store(flag, 0, ANSWERED);
    } catch (error) {
      failure = error;
      Atomics.store(flag, 0, REFUSED);
    }
    Atomics.notify(flag, 0);
  });
  return { exchange: { port: port2, state, answer }, failure: () => failure, close: () => port1.close() };
}

/**
 * A pool of worker threads on the kernels' memory. Weights, gradients and moments lie there once; what goes to and fro is tokens and
 * log-probabilities.
 */
export class WorkerThreads implements KernelThreads {
  readonly width: number;
  readonly own: KernelThread;
  readonly #pool: Tinypool;

  constructor(workers: number, own: KernelThread, config: ModelConfig) {
    this.width = workers;
    this.own = own;
    const setup: WorkerSetup = { compiled: compiledKernels(), memory: own.kernels.memory.shared, config };
    this.#pool = new Tinypool({
      ...workerEntry(),
      runtime: "worker_threads",
      minThreads: workers,
      maxThreads: workers,
      isolateWorkers: false,
      workerData: setup,
    });
  }

  async run<Kind extends KernelTaskKind>(kind: Kind, task: KernelTasks[Kind]): Promise<KernelResults[Kind]> {
    return (await this.#pool.run({ kind, task } as WorkerTask)) as KernelResults[Kind];
  }

  async gradient(task: KernelTasks["gradient"], lossGradient: LossGradient): Promise<void> {
    const questions = answerQuestions(task, lossGradient);
    const { exchange } = questions;
    try {
      const message: WorkerTask = { kind: "gradient", task, exchange };
      const computed = (await this.#pool.run(message, { transferList: [exchange.port] })) as boolean;
      if (!computed) throw questions.failure();
    } finally {
      questions.close();
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
