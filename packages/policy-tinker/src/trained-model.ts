import { type Cancellable, FoveaError, type StepOptions, type StepReport } from "@fovea-rl/core";
import {
  modelInfoSchema,
  optimStepResultSchema,
  samplerSavedSchema,
  savedWeightsSchema,
} from "@fovea-rl/tinker-protocol";
import { z } from "zod";
import { RefusedError } from "./connection/connection-error.ts";
import type { TrainingChannel } from "./connection/training-channel.ts";
import { freshOnConflict } from "./fresh-on-conflict.ts";
import type { TinkerPolicyOptions } from "./policy-options.ts";
import type { ServerSession } from "./server-session.ts";
import { WeightsLineage } from "./training/weights-lineage.ts";

/** The model on the server that is trained: the steps it took, what its weights are called, where they are kept. */
export class TrainedModel {
  readonly session: ServerSession;
  readonly lineage: WeightsLineage;
  readonly #options: TinkerPolicyOptions;
  #channel: TrainingChannel;
  #version = 0;
  #gradients = 0;
  #savedNames = 0;

  constructor(session: ServerSession, channel: TrainingChannel, options: TinkerPolicyOptions) {
    this.session = session;
    this.#channel = channel;
    this.#options = options;
    this.lineage = new WeightsLineage([session.baseModel, JSON.stringify(options.lora)]);
  }

  get channel(): TrainingChannel {
    return this.#channel;
  }

  /** Optimiser steps applied to the present weights. */
  get version(): number {
    return this.#version;
  }

  /** Mini-batches whose gradient no step has applied. */
  get pendingGradients(): number {
    return this.#gradients;
  }

  /** Notes that one more mini-batch's gradient is accumulated. */
  noteGradient(): void {
    this.#gradients++;
  }

  async step({ learningRate, maximumGradientNorm, signal }: StepOptions): Promise<StepReport> {
    if (this.#gradients === 0) throw new FoveaError("there is no gradient to step along");
    const { beta1, beta2, epsilon, weightDecay } = this.#options.optimiser;
    const adamParams = {
      learning_rate: learningRate,
      beta1,
      beta2,
      eps: epsilon,
      weight_decay: weightDecay,
      ...(maximumGradientNorm === undefined ? {} : { grad_clip_norm: maximumGradientNorm }),
    };
    this.#gradients = 0;
    const body = { adam_params: adamParams, type: "optim_step" };
    const { metrics } = await this.#channel.operation("/optim_step", optimStepResultSchema, body, { signal });
    this.#version++;
    this.lineage.applyStep(adamParams);
    const norm = Object.entries(metrics ?? {}).find(([name]) => /(^|[/._])grad(ient)?_norm(:|$)/.test(name))?.[1];
    return norm === undefined ? {} : { gradientNorm: norm };
  }

  /** A name that no weights of this model have yet. */
  newName(purpose: string): string {
    return `fovea-${purpose}-${this.#version}-${this.#savedNames++}`;
  }

  /** Keeps weights and optimiser on the server. @returns where. */
  async saveWeights({ signal }: Cancellable = {}): Promise<string> {
    if (this.#gradients > 0) {
      throw new FoveaError("there are accumulated gradients that no step has applied; a checkpoint would lose them");
    }
    const { path } = await freshOnConflict(() => {
      const body = { path: this.newName("checkpoint"), type: "save_weights" };
      return this.#channel.operation("/save_weights", savedWeightsSchema, body, { signal });
    });
    return path;
  }

  /**
   * Keeps the weights for sampling, under a name or for the session alone.
   *
   * @returns the sampling session, where the server makes one, and the place, where it tells one.
   */
  async saveForSampling(purpose?: string, { signal }: Cancellable = {}): Promise<z.output<typeof samplerSavedSchema>> {
    return freshOnConflict(() => {
      const place =
        purpose === undefined
          ? { sampling_session_seq_id: this.session.nextSamplerNumber() }
          : { path: this.newName(purpose) };
      const body = { ...place, type: "save_weights_for_sampler" };
      return this.#channel.operation("/save_weights_for_sampler", samplerSavedSchema, body, { signal });
    });
  }

  /**
   * Weights go into a new model, because servers load into none that has done anything; the old one is given up afterwards, or
   * before where the server holds one model at a time.
   *
   * @param version optimiser steps that the weights have seen.
   */
  async loadWeights(path: string, version: number, { signal }: Cancellable = {}): Promise<void> {
    const { session } = this;
    const old = this.#channel;
    let hasUnloaded = false;
    for (let attempt = 0; ; attempt++) {
      try {
        const channel = await session.createModel(this.#options.lora, { signal });
        const body = { path, optimizer: true, type: "load_weights" };
        await channel.operation("/load_weights", z.unknown(), body, { signal });
        this.#channel = channel;
        break;
      } catch (error) {
        if (!(error instanceof RefusedError) || error.status === 404 || attempt >= 2) throw error;
        if (!hasUnloaded && !error.message.includes("/load_weights")) {
          hasUnloaded = true;
          await session.unloadModel(old.modelId, { signal });
        } else if (!error.wasResent) throw error;
      }
    }
    if (!hasUnloaded) await session.unloadModel(old.modelId, { signal }).catch(() => {});
    this.#version = version;
    this.#gradients = 0;
  }

  /** The server's hash of the weights, where it tells one. */
  async serverFingerprint({ signal }: Cancellable = {}): Promise<string | undefined> {
    const { session } = this;
    if (!session.extension?.fingerprint) return undefined;
    const body = { model_id: this.#channel.modelId, type: "get_info" };
    const info = await session.connection.call("/get_info", modelInfoSchema, body, { signal });
    const { fovea_fingerprint: fingerprint } = info;
    if (fingerprint === undefined) throw new FoveaError("the server declares fingerprints and gave none");
    return fingerprint;
  }
}
