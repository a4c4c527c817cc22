import { createHash, randomUUID } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { TfjsPolicy } from "@fovea-rl/policy-tfjs";
import { formatWeightsPath, parseWeightsPath, type WeightsKind, type WeightsPath } from "@fovea-rl/tinker-protocol";
import { RequestError } from "./request-error.ts";

/** A model that is trained. */
export interface TrainingModel {
  readonly id: string;
  readonly sessionId: string;
  policy: TfjsPolicy;
  /** Body and request of each sequence number seen: what makes a retry the same request. */
  readonly sequence: Map<number, { readonly digest: string; readonly requestId: string }>;
}

/** Weights to sample from: a copy that training does not touch. */
interface Sampler {
  readonly policy: TfjsPolicy;
  readonly modelId: string | undefined;
}

/** Samplers without a name of one model that are kept; older ones make room. */
const EPHEMERAL_SAMPLERS = 4;

export function shortId(prefix: string): string {
  return `${prefix}_${randomUUID().replaceAll("-", "").slice(0, 16)}`;
}

/** SHA-256 of a parsed body: the same for a retry whatever its whitespace. */
export function bodyDigest(path: string, body: unknown): string {
  return createHash("sha256").update(path).update(JSON.stringify(body)).digest("hex");
}

/** Sessions, models, samplers, and the weights on disk. */
export class ModelStore {
  readonly base: TfjsPolicy;
  readonly baseName: string;
  readonly models = new Map<string, TrainingModel>();
  /** Optimiser steps applied to each model there ever was. */
  readonly optimiserSteps = new Map<string, number>();
  readonly #sessions = new Map<string, number>();
  readonly #samplers = new Map<string, Sampler>();
  readonly #samplerKeys = new Map<string, string>();
  readonly #opened = new Map<string, TfjsPolicy>();
  readonly #directory: string;

  constructor(base: TfjsPolicy, baseName: string, directory: string) {
    this.base = base;
    this.baseName = baseName;
    this.#directory = directory;
  }

  createSession(): string {
    const id = shortId("session");
    this.#sessions.set(id, Date.now());
    return id;
  }

  heartbeat(sessionId: string): void {
    if (!this.#sessions.has(sessionId)) throw new RequestError(404, `there is no session ${sessionId}`);
    this.#sessions.set(sessionId, Date.now());
  }

  /** Sessions without a sign of life for so long, with their models. */
  async dropSilentSessions(milliseconds: number): Promise<void> {
    const limit = Date.now() - milliseconds;
    for (const [id, seen] of this.#sessions) {
      if (seen >= limit) continue;
      this.#sessions.delete(id);
      for (const model of [...this.models.values()].filter(({ sessionId }) => sessionId === id)) {
        await this.unload(model.id);
      }
    }
  }

  /** The model that a session's number already stands for, so that a retry creates no second one. */
  modelOf(sessionId: string, number: number | null | undefined): TrainingModel | undefined {
    return typeof number === "number" ? this.models.get(`${sessionId}:train:${number}`) : undefined;
  }

  create(sessionId: string, number: number | null | undefined, baseModel: string): TrainingModel {
    this.heartbeat(sessionId);
    this.checkBase(baseModel);
    const model: TrainingModel = {
      // Clients that number their models know their ids beforehand.
      id: typeof number === "number" ? `${sessionId}:train:${number}` : shortId("model"),
      sessionId,
      policy: this.base.fork(),
      sequence: new Map(),
    };
    this.models.set(model.id, model);
    return model;
  }

  checkBase(name: string): void {
    if (name !== this.baseName) throw new RequestError(400, `the base model here is "${this.baseName}", not "${name}"`);
  }

  model(id: string): TrainingModel {
    const model = this.models.get(id);
    if (model === undefined) throw new RequestError(404, `there is no model ${id}`);
    const { sessionId } = model;
    if (this.#sessions.has(sessionId)) this.#sessions.set(sessionId, Date.now());
    return model;
  }

  async unload(id: string): Promise<void> {
    const model = this.models.get(id);
    this.models.delete(id);
    for (const [key, sampler] of this.#samplers) {
      if (sampler.modelId !== id) continue;
      this.#samplers.delete(key);
      await sampler.policy.dispose();
    }
    await model?.policy.dispose();
  }

  #place({ modelId, kind, name }: WeightsPath): string {
    // Not every file system takes a colon.
    return join(this.#directory, modelId.replaceAll(":", "_"), kind, name);
  }

  /** Writes weights under a name, or answers that they are there already. */
  async save(model: TrainingModel, kind: WeightsKind, name: string): Promise<string> {
    const path: WeightsPath = { modelId: model.id, kind, name };
    const place = this.#place(path);
    const aside = `${place}.${randomUUID()}.partial`;
    await mkdir(aside, { recursive: true });
    try {
      await model.policy.save(aside);
      await rm(place, { recursive: true, force: true });
      await rename(aside, place);
      await this.#opened.get(place)?.dispose();
      this.#opened.delete(place);
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
    return formatWeightsPath(path);
  }

  /** @throws RequestError 400 for no such path, 404 for none that was saved. */
  async findSaved(path: string, kinds: readonly WeightsKind[]): Promise<string> {
    const parsed = parseWeightsPath(path);
    if (parsed === undefined || !kinds.includes(parsed.kind)) {
      throw new RequestError(400, `"${path}" is not tinker://<model>/${kinds.join(" or ")}/<name>`);
    }
    const place = this.#place(parsed);
    await stat(place).catch(() => {
      throw new RequestError(404, `there are no weights ${path}`);
    });
    return place;
  }

  /** A policy with saved weights and a fresh optimiser, on the base model's threads. */
  async #open(place: string): Promise<TfjsPolicy> {
    const loaded = this.base.fork();
    try {
      await loaded.load(place);
      return loaded.fork();
    } finally {
      await loaded.dispose();
    }
  }

  async load(model: TrainingModel, path: string, withOptimiser: boolean): Promise<void> {
    const place = await this.findSaved(path, ["weights"]);
    if (withOptimiser) {
      await model.policy.load(place);
      return;
    }
    const loaded = await this.#open(place);
    await model.policy.dispose();
    model.policy = loaded;
  }

  /** A sampler of the model's present weights. `key` makes a retry find the same one. */
  async addEphemeralSampler(model: TrainingModel, key: string): Promise<string> {
    const known = this.#samplerKeys.get(key);
    if (known !== undefined && this.#samplers.has(known)) return known;
    const id = shortId("sampling");
    this.#samplers.set(id, { policy: model.policy.fork(), modelId: model.id });
    this.#samplerKeys.set(key, id);
    const own = [...this.#samplers].filter(([, { modelId }]) => modelId === model.id);
    for (const [old, { policy }] of own.slice(0, -EPHEMERAL_SAMPLERS)) {
      this.#samplers.delete(old);
      await policy.dispose();
    }
    return id;
  }

  /** A sampler of the base model or of saved weights, as a session. */
  async addSampler(key: string, source: { base_model?: string | null; model_path?: string | null }): Promise<string> {
    const known = this.#samplerKeys.get(key);
    if (known !== undefined && this.#samplers.has(known)) return known;
    const policy = await this.samplerPolicy(source);
    const id = shortId("sampling");
    this.#samplers.set(id, { policy, modelId: undefined });
    this.#samplerKeys.set(key, id);
    return id;
  }

  /** @throws RequestError 404 for a session that is not, or no longer, there. */
  sampler(id: string): TfjsPolicy {
    const sampler = this.#samplers.get(id);
    if (sampler === undefined) {
      throw new RequestError(
        404,
        `there is no sampling session ${id}; of unnamed ones the last ${EPHEMERAL_SAMPLERS} are kept`,
      );
    }
    return sampler.policy;
  }

  async samplerPolicy(source: { base_model?: string | null; model_path?: string | null }): Promise<TfjsPolicy> {
    const { model_path: path } = source;
    if (path === null || path === undefined) {
      this.checkBase(source.base_model ?? "");
      return this.base;
    }
    const place = await this.findSaved(path, ["sampler_weights", "weights"]);
    const opened = this.#opened.get(place) ?? (await this.#open(place));
    this.#opened.set(place, opened);
    return opened;
  }

  async dispose(): Promise<void> {
    for (const id of [...this.models.keys()]) await this.unload(id);
    for (const policy of this.#opened.values()) await policy.dispose();
    await this.base.dispose();
  }
}
