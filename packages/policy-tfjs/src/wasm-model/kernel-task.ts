import type { ModelConfig } from "../model-config.ts";
import type { AdamWCoefficients } from "../parameters.ts";
import type { GradientPass, SamplePass, ScorePass, ScoreResult } from "../passes.ts";
import type { SampledResponse } from "../sample-responses.ts";
import type { Address } from "./kernel-exports.ts";
import type { ModelKernels } from "./model-kernels.ts";
import { differentiateInWasm, type LossGradient, scoreInWasm } from "./passes.ts";
import { sampleInWasm } from "./sample-responses.ts";
import { type PlacedWeights, WasmModel } from "./wasm-model.ts";
import { WeightPlaces } from "./weight-places.ts";

/** What a thread can be asked to do, as plain data; everything large lies in the memory that all threads share. */
export interface KernelTasks {
  readonly sample: { readonly weights: PlacedWeights; readonly pass: SamplePass };
  readonly score: { readonly weights: PlacedWeights; readonly pass: ScorePass };
  /** Leaves dLoss/dparameter of all parameters at `gradient`, laid out as their values are. */
  readonly gradient: { readonly weights: PlacedWeights; readonly pass: GradientPass; readonly gradient: Address };
  /** Packs some kernels of weights whose values are in place, for products forward or for gradients. */
  readonly pack: {
    readonly weights: PlacedWeights;
    readonly kernels: readonly string[];
    readonly purpose: "panels" | "transposed";
  };
  /** target += source, `count` floats. */
  readonly add: { readonly target: Address; readonly source: Address; readonly count: number };
  /** Steps `count` weights by AdamW. */
  readonly step: {
    readonly weights: Address;
    readonly gradient: Address;
    readonly firstMoments: Address;
    readonly secondMoments: Address;
    readonly count: number;
    readonly coefficients: AdamWCoefficients;
  };
}
export type KernelTaskKind = keyof KernelTasks;

export interface KernelResults {
  readonly sample: SampledResponse[][];
  readonly score: ScoreResult;
  readonly gradient: undefined;
  readonly pack: undefined;
  readonly add: undefined;
  readonly step: undefined;
}

/** One thread that runs tasks. */
export class KernelThread {
  readonly kernels: ModelKernels;
  readonly places: WeightPlaces;
  readonly #config: ModelConfig;

  constructor(kernels: ModelKernels, config: ModelConfig) {
    this.kernels = kernels;
    this.places = new WeightPlaces(config);
    this.#config = config;
  }

  /** @param lossGradient dLoss/dlogprobs, for tasks that ask for a gradient. */
  run<Kind extends KernelTaskKind>(
    kind: Kind,
    task: KernelTasks[Kind],
    lossGradient?: LossGradient,
  ): KernelResults[Kind] {
    const runs: { readonly [Each in KernelTaskKind]: (task: KernelTasks[Each]) => KernelResults[Each] } = {
      sample: ({ weights, pass }) => sampleInWasm(this.#model(weights), pass),
      score: ({ weights, pass }) => scoreInWasm(this.#model(weights), pass),
      gradient: ({ weights, pass, gradient }) =>
        differentiateInWasm(this.#model(weights), pass, lossGradient!, gradient),
      pack: (task) => this.#pack(task),
      add: (task) => this.#add(task),
      step: (task) => this.#step(task),
    };
    return runs[kind](task);
  }

  #model(weights: PlacedWeights): WasmModel {
    return new WasmModel(this.kernels, this.#config, this.places, weights);
  }

  #pack({ weights, kernels, purpose }: KernelTasks["pack"]): undefined {
    for (const name of kernels) {
      const { inputs, outputs, source, isTransposed, ...places } = this.places.kernels.get(name)!;
      const offset = places[purpose];
      if (offset === undefined) continue;
      const values = weights.values + this.places.valuesOf(source).offset;
      const [k, n] = purpose === "panels" ? [inputs, outputs] : [outputs, inputs];
      const transposes = isTransposed !== (purpose === "transposed");
      this.kernels.run.packPanels(values, weights[purpose] + offset, k, n, Number(transposes));
    }
  }

  #add({ target, source, count }: KernelTasks["add"]): undefined {
    this.kernels.run.add(target, source, count);
  }

  #step(task: KernelTasks["step"]): undefined {
    const { beta1, beta2, scale, firstCorrection, secondCorrection, epsilon, keep } = task.coefficients;
    this.kernels.run.stepAdamW(
      task.weights,
      task.gradient,
      task.firstMoments,
      task.secondMoments,
      task.count,
      scale,
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      firstCorrection,
      secondCorrection,
      epsilon,
      keep,
    );
  }
}
