import { MessageChannel } from "node:worker_threads";
import { FoveaError } from "@fovea-rl/core";
import Tinypool from "tinypool";
import type { ConcreteBackendName } from "./backend.ts";
import type { ModelConfig } from "./model-config.ts";
import { type Objective, objectiveGradient } from "./objective.ts";
import type { Parameters } from "./parameters.ts";
import { localExecutor, type PassExecutor } from "./pass-executor.ts";
import type { GradientPass, ScoreResult } from "./passes.ts";
import type { SampledResponse } from "./sample-responses.ts";
import { publishWeights, type SharedWeights } from "./shared-weights.ts";
import { compiledKernels } from "./wasm-model/compiled-kernels.ts";
import { fitsInWasm } from "./wasm-model/wasm-model.ts";
import { ANSWERED, type LossQuestion, REFUSED, type WorkerTask } from "./worker-protocol.ts";

/** The worker's file: beside this one as source, beside the bundle when built. Sources need the workspace's export condition. */
function workerEntry(): { readonly filename: string; readonly execArgv: string[] } {
  const fromSource = import.meta.url.endsWith(".ts");
  return {
    filename: new URL(fromSource ? "./engine-worker.ts" : "./engine-worker.js", import.meta.url).href,
    execArgv: fromSource ? ["--conditions=@fovea-rl/source"] : [],
  };
}

/** Answers a worker's question for dLoss/dlogprob in this thread, where the loss lives. */
function answerQuestions(
  pass: GradientPass,
  objective: Objective,
  columns: number,
): {
  readonly exchange: { port: MessageChannel["port2"]; state: SharedArrayBuffer; answer: SharedArrayBuffer };
  failure(): unknown;
  close(): void;
} {
  const { port1, port2 } = new MessageChannel();
  const state = new SharedArrayBuffer(4);
  const answer = new SharedArrayBuffer(4 * pass.rows.length * columns);
  let failure: unknown;
  port1.on("message", ({ logprobs, shape }: LossQuestion) => {
    const flag = new Int32Array(state);
    try {
      new Float32Array(answer).set(objectiveGradient(logprobs, shape, objective));
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
 * Runs passes in a pool of worker threads, each with the backend wasm of its own. Weights lie in shared memory; what goes to and fro is
 * tokens, log-probabilities and gradients. Results are those of one thread, bit for bit.
 */
class WorkerExecutor implements PassExecutor {
  readonly samplingWidth: number;
  readonly width: number;
  readonly #pool: Tinypool;
  readonly #config: ModelConfig;
  readonly #published = new WeakMap<Parameters, SharedWeights>();
  #sets = 0;
  #users = 0;

  constructor(workers: number, config: ModelConfig) {
    this.samplingWidth = workers;
    this.width = workers;
    this.#config = config;
    this.#pool = new Tinypool({
      ...workerEntry(),
      runtime: "worker_threads",
      minThreads: workers,
      maxThreads: workers,
      isolateWorkers: false,
      workerData: compiledKernels(),
    });
  }

  /** The parameters in shared memory, published anew if they have changed. */
  #share(parameters: Parameters): SharedWeights {
    const known = this.#published.get(parameters);
    if (known?.revision === parameters.revision) return known;
    const values = known?.values ?? new SharedArrayBuffer(4 * parameters.count());
    publishWeights(parameters, values);
    const weights = { set: known?.set ?? this.#sets++, revision: parameters.revision, values };
    this.#published.set(parameters, weights);
    return weights;
  }

  async #run<Result>(
    parameters: Parameters,
    task:
      | Pick<WorkerTask & { kind: "sample" }, "kind" | "pass">
      | Pick<WorkerTask & { kind: "score" }, "kind" | "pass">,
  ): Promise<Result> {
    const weights = this.#share(parameters);
    return (await this.#pool.run({ config: this.#config, weights, ...task })) as Result;
  }

  sample(pass: (WorkerTask & { kind: "sample" })["pass"], parameters: Parameters): Promise<SampledResponse[][]> {
    return this.#run(parameters, { kind: "sample", pass });
  }

  score(pass: (WorkerTask & { kind: "score" })["pass"], parameters: Parameters): Promise<ScoreResult> {
    return this.#run(parameters, { kind: "score", pass });
  }

  async gradient(pass: GradientPass, parameters: Parameters, objective: Objective, into: Float32Array): Promise<void> {
    const weights = this.#share(parameters);
    const columns = Math.max(1, ...pass.responses.flat().map((response) => response.length));
    const questions = answerQuestions(pass, objective, columns);
    const { exchange } = questions;
    const task: WorkerTask = {
      kind: "gradient",
      config: this.#config,
      weights,
      pass,
      exchange,
      gradient: into.buffer as SharedArrayBuffer,
    };
    try {
      const computed = (await this.#pool.run(task, { transferList: [exchange.port] })) as boolean;
      if (!computed) throw questions.failure();
    } finally {
      questions.close();
    }
  }

  allocate(size: number): Float32Array {
    return new Float32Array(new SharedArrayBuffer(4 * size));
  }

  acquire(): void {
    this.#users++;
  }

  async release(): Promise<void> {
    this.#users--;
    if (this.#users === 0) await this.#pool.destroy();
  }
}

/**
 * The executor of a policy with several workers. On `tensorflow` they sample, which is done by kernels of our own; scoring and gradients
 * stay in this thread, where TensorFlow uses all cores by itself. Its Node binding must not run in several threads: they would share a
 * set of attribute names without a lock (`ATTR_NAME_SET` of tfjs-node 4.22's tfjs_backend.cc), and crash.
 *
 * @throws FoveaError if several threads have no use on this backend.
 */
export function pooledExecutor(
  workers: number,
  backend: ConcreteBackendName,
  config: ModelConfig,
  { layouts }: Pick<Parameters, "layouts">,
): PassExecutor {
  if (backend !== "wasm" && backend !== "tensorflow") {
    throw new FoveaError(
      `policy option "workers": the backend "${backend}" drives one device, which several threads cannot share; set workers to 1`,
    );
  }
  if (backend === "tensorflow" && !fitsInWasm(layouts)) {
    throw new FoveaError(
      'policy option "workers": on the backend "tensorflow" workers sample in WebAssembly, and the model is too large for its memory; set workers to 1',
    );
  }
  const pool = new WorkerExecutor(workers, config);
  if (backend === "wasm") return pool;
  return {
    ...localExecutor(config),
    samplingWidth: workers,
    sample: (pass, parameters) => pool.sample(pass, parameters),
    acquire: () => pool.acquire(),
    release: () => pool.release(),
  };
}
