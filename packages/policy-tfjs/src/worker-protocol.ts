import type { MessagePort } from "node:worker_threads";
import type { ModelConfig } from "./model-config.ts";
import type { CompiledKernels } from "./wasm-model/compiled-kernels.ts";
import type { SharedMemory } from "./wasm-model/kernel-memory.ts";
import type { KernelTaskKind, KernelTasks } from "./wasm-model/kernel-task.ts";

/** What a worker is started with. */
export interface WorkerSetup {
  /** Compiled once, by the thread that starts workers. */
  readonly compiled: CompiledKernels;
  readonly memory: SharedMemory;
  readonly config: ModelConfig;
}

/** How a worker asks for dLoss/dlogprobs in the middle of a gradient pass, without giving up its place in it. */
export interface LossExchange {
  /** Takes the worker's {@link LossQuestion}. */
  readonly port: MessagePort;
  /** `[1]`: 0 until the answer is there, then {@link ANSWERED} or {@link REFUSED}. The worker sleeps on it. */
  readonly state: SharedArrayBuffer;
  /** `[N, T]` room for the answer, float32. */
  readonly answer: SharedArrayBuffer;
}

export const ANSWERED = 1;
export const REFUSED = 2;

export interface LossQuestion {
  /** `[N, T]` */
  readonly logprobs: Float32Array;
  readonly shape: readonly [number, number];
}

/** What a worker is asked to do. */
export type WorkerTask = {
  readonly [Kind in KernelTaskKind]: {
    readonly kind: Kind;
    readonly task: KernelTasks[Kind];
    /** For tasks that ask for a gradient. */
    readonly exchange?: LossExchange;
  };
}[KernelTaskKind];
