import { createRequire } from "node:module";
import { FoveaError } from "@fovea-rl/core";
import "@tensorflow/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import { describeKernels } from "./wasm-model/compiled-kernels.ts";

/** The backends a user can name. */
export const BACKEND_NAMES = ["wasm", "tensorflow", "tensorflow-gpu", "webgpu", "auto"] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];
/** The backends there are; `auto` chooses one of them. */
export type ConcreteBackendName = Exclude<BackendName, "auto">;

interface BackendDescription {
  readonly packages: readonly string[];
  /** How to get it, for the error message when it is missing. */
  readonly remedy: string;
  /** Loads the packages, and makes the backend the current one of TensorFlow.js. */
  readonly start: () => Promise<void>;
}

async function use(registeredName: string): Promise<void> {
  if (!(await tf.setBackend(registeredName))) throw new Error(`the backend "${registeredName}" did not initialise`);
  await tf.ready();
}

async function startNative(packageName: string): Promise<void> {
  // tfjs-node 4.22 calls a function that Node 23 removed.
  const util = createRequire(import.meta.url)("node:util") as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === undefined || value === null;
  await import(packageName);
  await use("tensorflow");
}

async function startWebGpu(): Promise<void> {
  // Not a literal, so that the type checker and bundlers leave the optional package alone.
  const dawn = "webgpu";
  const { create, globals } = (await import(dawn)) as { create: (flags: string[]) => object; globals: object };
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis.navigator, "gpu", { value: create([]), configurable: true });
  const backend = "@tensorflow/tfjs-backend-webgpu";
  await import(backend);
  await use("webgpu");
  explainSynchronousReads(tf.backend() as tf.KernelBackend);
}

/** Values that lie on the device come back by way of the event loop; TensorFlow.js would look for a browser's canvas instead. */
function explainSynchronousReads(backend: tf.KernelBackend): void {
  const readSync = backend.readSync.bind(backend);
  backend.readSync = (dataId) => {
    try {
      return readSync(dataId);
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      throw new FoveaError(
        'the backend "webgpu" cannot read a tensor\'s values at once in Node (dataSync, arraySync): await data() or array(); a loss computes with tensors alone',
        { cause: error },
      );
    }
  };
}

const DESCRIPTIONS: Readonly<Record<ConcreteBackendName, BackendDescription>> = {
  wasm: {
    packages: ["@tensorflow/tfjs-backend-wasm"],
    remedy: "reinstall @fovea-rl/policy-tfjs",
    start: async () => {
      await import("@tensorflow/tfjs-backend-wasm");
      await use("wasm");
    },
  },
  tensorflow: {
    packages: ["@tensorflow/tfjs-node"],
    remedy:
      "npx fovea-build-tensorflow (it compiles tfjs-node against a current libtensorflow), or choose the backend wasm",
    start: () => startNative("@tensorflow/tfjs-node"),
  },
  "tensorflow-gpu": {
    packages: ["@tensorflow/tfjs-node-gpu"],
    remedy:
      "npx fovea-build-tensorflow --gpu (it compiles tfjs-node-gpu against a current libtensorflow), or choose the backend wasm",
    start: () => startNative("@tensorflow/tfjs-node-gpu"),
  },
  webgpu: {
    packages: ["webgpu", "@tensorflow/tfjs-backend-webgpu"],
    remedy: "npm install webgpu@0.6.2 @tensorflow/tfjs-backend-webgpu@4.22.0, or choose the backend wasm",
    start: startWebGpu,
  },
};

/** `auto` takes the first of these that is installed. */
const PREFERENCE: readonly ConcreteBackendName[] = ["tensorflow-gpu", "tensorflow", "wasm"];

/** Whether a backend's packages are installed, and how to get them if not. */
export interface BackendAvailability {
  readonly name: ConcreteBackendName;
  readonly installed: boolean;
  readonly remedy: string;
  /** What it found of this machine, where it can tell without being started. */
  readonly detail?: string;
  /** Why it cannot work although it is installed. */
  readonly fault?: string;
}

function foundOfMachine(name: ConcreteBackendName): Pick<BackendAvailability, "detail" | "fault"> {
  if (name !== "wasm") return {};
  try {
    return { detail: describeKernels() };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

function isInstalled(name: ConcreteBackendName): boolean {
  return DESCRIPTIONS[name].packages.every((packageName) => {
    try {
      import.meta.resolve(packageName);
      return true;
    } catch {
      return false;
    }
  });
}

export function backendAvailability(): readonly BackendAvailability[] {
  return (Object.keys(DESCRIPTIONS) as ConcreteBackendName[]).map((name) => ({
    name,
    installed: isInstalled(name),
    remedy: DESCRIPTIONS[name].remedy,
    ...foundOfMachine(name),
  }));
}

let current: ConcreteBackendName | undefined;

/**
 * Starts a backend and makes it the one of this process: TensorFlow.js has a single current backend, so every engine of a
 * process must use the same.
 *
 * @throws FoveaError if it is not installed (with the way to get it), does not start, or another one is in use.
 */
export async function startBackend(name: BackendName): Promise<ConcreteBackendName> {
  const chosen = name === "auto" ? PREFERENCE.find(isInstalled)! : name;
  if (chosen === current) return chosen;
  if (current !== undefined) {
    throw new FoveaError(
      `the backend "${chosen}" cannot start: this process already uses "${current}", and TensorFlow.js has one at a time`,
    );
  }
  const description = DESCRIPTIONS[chosen];
  if (!isInstalled(chosen)) {
    throw new FoveaError(`the backend "${chosen}" is not installed. To get it: ${description.remedy}`);
  }
  try {
    await description.start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FoveaError(`the backend "${chosen}" is installed but does not start (${reason}). ${description.remedy}`, {
      cause: error,
    });
  }
  current = chosen;
  return chosen;
}
