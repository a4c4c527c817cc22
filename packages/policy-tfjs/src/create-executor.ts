import { FoveaError } from "@fovea-rl/core";
import type { ConcreteBackendName } from "./backend.ts";
import type { Executor } from "./executor.ts";
import { KernelExecutor } from "./kernel-executor.ts";
import type { ModelConfig } from "./model-config.ts";
import { checkGradientCheckpointing, type TfjsPolicyOptions } from "./policy-options.ts";
import { TensorExecutor } from "./tensor-executor.ts";
import { FLOAT } from "./wasm-model/kernel-memory.ts";
import { WeightPlaces } from "./wasm-model/weight-places.ts";

/** Bytes of weights, as they are and packed, that still leave room for passes among the 4 GiB that WebAssembly addresses. */
const LARGEST_WEIGHTS = 3 * 2 ** 30;

/** Whether a model can be sampled from in WebAssembly's memory. */
export function fitsInWasm(config: ModelConfig): boolean {
  const { values, panels } = new WeightPlaces(config).sizes;
  return FLOAT * (values + panels) <= LARGEST_WEIGHTS;
}

/**
 * Who computes on a backend. On `wasm` that is kernels of our own, in as many threads as there are workers. On `tensorflow` they sample;
 * scoring and gradients stay in this thread, where TensorFlow uses all cores by itself. Its Node binding must not run in several threads:
 * they would share a set of attribute names without a lock (`ATTR_NAME_SET` of tfjs-node 4.22's tfjs_backend.cc), and crash.
 *
 * @throws FoveaError if the backend cannot do what the options ask for.
 */
export function createExecutor(
  options: Pick<TfjsPolicyOptions, "workers" | "gradientCheckpointing">,
  backend: ConcreteBackendName,
  config: ModelConfig,
): Executor {
  const { workers, gradientCheckpointing } = options;
  checkGradientCheckpointing(options, backend);
  if (backend === "wasm") return new KernelExecutor(workers, config);
  if (backend === "tensorflow" && fitsInWasm(config)) {
    return new TensorExecutor(config, { gradientCheckpointing, samplingWorkers: workers });
  }
  if (workers > 1) {
    throw new FoveaError(
      backend === "tensorflow"
        ? 'policy option "workers": on the backend "tensorflow" workers sample in WebAssembly, and the model is too large for its memory; set workers to 1'
        : `policy option "workers": the backend "${backend}" drives one device, which several threads cannot share; set workers to 1`,
    );
  }
  return new TensorExecutor(config, { gradientCheckpointing, samplingWorkers: 0 });
}
