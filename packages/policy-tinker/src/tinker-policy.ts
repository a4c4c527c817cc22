import { createHash } from "node:crypto";
import {
  type Capability,
  type CreditedRollout,
  evaluateLoss,
  FoveaError,
  type GradientReport,
  type GradientRequest,
  type Loss,
  type MiniBatchSize,
  miniBatchSize,
  type Policy,
  type PolicyCapabilities,
  type PolicyContext,
  type Prompt,
  type Rollout,
  type RolloutGroup,
  randomGenerator,
  type SampleRequest,
  type ScoreOptions,
  type ScoreRequest,
  type StepOptions,
  type StepReport,
  type TokenScores,
} from "@fovea-rl/core";
import {
  forwardResultSchema,
  modelInfoSchema,
  optimStepResultSchema,
  type SampleResult,
  samplerSavedSchema,
  savedWeightsSchema,
} from "@fovea-rl/tinker-protocol";
import { z } from "zod";
import { RefusedError } from "./connection/connection-error.ts";
import { mapConcurrently } from "./connection/limit-concurrency.ts";
import type { ConnectionCounts } from "./connection/tinker-connection.ts";
import type { TrainingChannel } from "./connection/training-channel.ts";
import type { TinkerPolicyOptions } from "./policy-options.ts";
import { type ProbeFindings, probeServer } from "./probe-server.ts";
import { resolveModelDirectory } from "./prompt/model-directory.ts";
import { type EncodedPrompt, type PromptEncoder, readPromptEncoder } from "./prompt/prompt-encoder.ts";
import { Sampler } from "./sampler.ts";
import { ServerSession } from "./server-session.ts";
import { buildDatum, type PromptedResponse, responsePart } from "./training/build-datum.ts";
import { type BuiltInForm, builtInGradient, findBuiltInForm, gradientResidual } from "./training/built-in-form.ts";
import { type Drift, DriftMeter } from "./training/logprob-drift.ts";
import { readRemoteCheckpoint, writeRemoteCheckpoint } from "./training/remote-checkpoint.ts";
import { addUsage, NO_USAGE, type TokenUsage, usageCost } from "./training/usage.ts";
import { WeightsLineage } from "./training/weights-lineage.ts";

/** What an engine is made of once its server is asked. */
interface EngineParts {
  readonly options: TinkerPolicyOptions;
  readonly context: PolicyContext;
  readonly encoder: PromptEncoder;
  readonly session: ServerSession;
  readonly channel: TrainingChannel;
  readonly findings: ProbeFindings;
  readonly referenceSession: ServerSession | undefined;
}

/** Loss inputs of one pass, `[responses][T]` each. */
type PassInputs = Readonly<Record<string, readonly ArrayLike<number>[]>>;

const DEFAULT_CONTEXT = 32_768;

function warn(message: string): void {
  process.emitWarning(message, { type: "FoveaWarning" });
}

/** A 31-bit seed of a random stream, for servers that know no more. */
function streamSeed(request: SampleRequest, promptId: string): number {
  return randomGenerator({ ...request.randomKey, promptId }).uint32() >>> 1;
}

/** A policy on a server that speaks the Tinker protocol. Losses are evaluated here, on log-probabilities that were fetched. */
export class TinkerPolicy implements Policy {
  readonly name = "tinker";
  readonly capabilities: PolicyCapabilities;
  readonly #parts: EngineParts;
  readonly #drift = new DriftMeter();
  readonly #lineage: WeightsLineage;
  readonly #encoded = new WeakMap<Prompt, Promise<EncodedPrompt>>();
  #channel: TrainingChannel;
  /** Optimiser steps applied to the present weights. */
  #version = 0;
  #sampler: { readonly sampler: Sampler; readonly version: number } | undefined;
  #reference: Promise<Sampler> | undefined;
  #referenceWeights: string | null = null;
  #gradients = 0;
  #usage: TokenUsage = NO_USAGE;
  #lastDrift: Drift | undefined;
  #savedNames = 0;
  #builtInPasses = 0;
  #correctedPasses = 0;

  private constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#channel = parts.channel;
    const { options, session, encoder, findings } = parts;
    this.#lineage = new WeightsLineage([session.baseModel, JSON.stringify(options.lora)]);
    const supported: Capability[] = ["custom-loss"];
    if (findings.seesImages) supported.push("images");
    if (options.reference !== "none") supported.push("reference-policy");
    if (options.clipsGradients || session.extension?.optimiser_fields) supported.push("gradient-clipping");
    this.capabilities = {
      supported: new Set(supported),
      maximumContext: options.maximumContext ?? session.maximumContext ?? DEFAULT_CONTEXT,
      vocabularySize: session.extension?.vocabulary_size ?? encoder.vocabularySize,
    };
  }

  /** @throws FoveaError if the server cannot be reached or cannot do what the options and the context ask. */
  static async create(options: TinkerPolicyOptions, context: PolicyContext): Promise<TinkerPolicy> {
    const baseDirectory = context.baseDirectory ?? process.cwd();
    const modelDirectory = await resolveModelDirectory(options.modelFiles, baseDirectory, context.packageDirectories);
    const { maximumPixels, minimumPixels } = options.images;
    const encoder = await readPromptEncoder(modelDirectory, {
      ...(maximumPixels === undefined ? {} : { maximumPixels }),
      ...(minimumPixels === undefined ? {} : { minimumPixels }),
    });
    const { exchangeSeconds, operationSeconds, retry } = options;
    const shared = { exchangeSeconds, operationSeconds, retry, baseDirectory };
    const opened: ServerSession[] = [];
    try {
      const session = await ServerSession.open({ ...shared, server: options.server, baseModel: options.baseModel });
      opened.push(session);
      checkTemperature(session, context.trainingTemperature);
      let referenceSession: ServerSession | undefined;
      if (options.reference === "base-model") referenceSession = session;
      else if (options.reference !== "none") {
        referenceSession = await ServerSession.open({ ...shared, ...options.reference });
        opened.push(referenceSession);
        checkTemperature(referenceSession, context.trainingTemperature);
      }
      const channel = await session.createModel(options.lora);
      const marksPrefix = session.extension?.prefix_chunks ?? false;
      const findings = await probeServer(channel, encoder, marksPrefix, session.origin);
      warnOfLimits(session, options, findings);
      return new TinkerPolicy({ options, context, encoder, session, channel, findings, referenceSession });
    } catch (error) {
      for (const session of opened) session.close();
      throw error;
    }
  }

  /** What happened on the connection so far. */
  get connectionCounts(): Readonly<ConnectionCounts> {
    return this.#parts.session.connection.counts;
  }

  /** Tokens used so far. */
  get usage(): TokenUsage {
    return this.#usage;
  }

  #encode(prompt: Prompt): Promise<EncodedPrompt> {
    const known = this.#encoded.get(prompt) ?? this.#parts.encoder.encode(prompt);
    this.#encoded.set(prompt, known);
    return known;
  }

  get #marksPrefix(): boolean {
    return this.#parts.session.extension?.prefix_chunks ?? false;
  }

  /** A sampler of the present weights, made anew when a step has changed them. */
  async #currentSampler(): Promise<Sampler> {
    if (this.#sampler?.version === this.#version) return this.#sampler.sampler;
    const { session } = this.#parts;
    const version = this.#version;
    const { sampling_session_id: id, path } = await this.#freshOnConflict(() =>
      this.#channel.operation("/save_weights_for_sampler", samplerSavedSchema, {
        sampling_session_seq_id: session.nextSamplerNumber(),
        type: "save_weights_for_sampler",
      }),
    );
    const sampling = id ?? (path ? await session.createSampler(path) : undefined);
    if (sampling === undefined) throw new FoveaError("the server saved weights for sampling and named no place");
    const sampler = new Sampler(session.connection, sampling);
    this.#sampler = { sampler, version };
    return sampler;
  }

  /** Servers without idempotency answer 409 when a request arrives twice: another name is all it takes. */
  async #freshOnConflict<Result>(attempt: () => Promise<Result>): Promise<Result> {
    for (let conflicts = 0; ; conflicts++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof RefusedError) || error.status !== 409 || conflicts >= 5) throw error;
      }
    }
  }

  async sample(request: SampleRequest): Promise<RolloutGroup<Rollout>[]> {
    const { prompts, samplesPerPrompt, sampling, randomKey } = request;
    const { options, encoder, session } = this.#parts;
    for (const prompt of prompts) this.#checkPrompt(prompt, sampling.maximumTokens);
    const sampler = await this.#currentSampler();
    const version = this.#version;
    const groups = await mapConcurrently(prompts, options.concurrency, async (prompt) => {
      const encoded = await this.#encode(prompt);
      const { purpose, seed, step } = randomKey;
      const result = await sampler.sample(encoded, {
        num_samples: samplesPerPrompt,
        sampling_params: {
          max_tokens: sampling.maximumTokens,
          temperature: sampling.temperature,
          top_p: sampling.topP,
          top_k: sampling.topK === 0 ? -1 : sampling.topK,
          seed: streamSeed(request, prompt.id),
          stop: [...encoder.stopTokenIds],
        },
        ...(session.extension?.random_keys
          ? { fovea_random_key: { seed, purpose, promptId: prompt.id, ...(step === undefined ? {} : { step }) } }
          : {}),
      });
      const rollouts = this.#rollouts(prompt, result, samplesPerPrompt);
      const sampled = rollouts.reduce((sum, { tokens }) => sum + tokens.length, 0);
      this.#usage = addUsage(this.#usage, { prefilled: encoded.tokens.length, sampled });
      return { prompt, rollouts };
    });
    const settled = options.behaviourLogprobs === "trainer" ? await this.#rescored(groups, version) : groups;
    for (const { rollouts } of settled) for (const rollout of rollouts) this.#drift.remember(rollout, version);
    return settled;
  }

  #rollouts(prompt: Prompt, { sequences }: SampleResult, count: number): Rollout[] {
    const { encoder } = this.#parts;
    if (sequences.length !== count) {
      throw new FoveaError(`the server drew ${sequences.length} responses to prompt "${prompt.id}", not ${count}`);
    }
    return sequences.map((sequence, sampleIndex) => {
      const tokens = Int32Array.from(sequence.tokens);
      const logprobs = Float32Array.from(sequence.logprobs ?? []);
      const isStopped = sequence.stop_reason === "stop";
      if (logprobs.length !== tokens.length) {
        throw new FoveaError(`the server gave ${logprobs.length} log-probabilities of ${tokens.length} sampled tokens`);
      }
      if (isStopped && !encoder.stopTokenIds.has(tokens.at(-1) ?? -1)) {
        throw new FoveaError(
          `the server ended a response to prompt "${prompt.id}" with a token that modelFiles do not name as its end (${tokens.at(-1)}); ` +
            "the model files are another model's, or eos_token_id in generation_config.json is incomplete",
        );
      }
      return {
        promptId: prompt.id,
        sampleIndex,
        tokens,
        behaviourLogprobs: logprobs,
        text: encoder.decode(isStopped ? tokens.subarray(0, -1) : tokens),
        finishReason: sequence.stop_reason,
      };
    });
  }

  /** The same rollouts with the trainer's log-probabilities as the behaviour policy's. */
  async #rescored(groups: readonly RolloutGroup<Rollout>[], version: number): Promise<RolloutGroup<Rollout>[]> {
    const scores = await this.score(
      groups.map(({ prompt, rollouts }) => ({ prompt, responses: rollouts.map(({ tokens }) => tokens) })),
    );
    const flat = groups.flatMap(({ rollouts }) => rollouts);
    for (const rollout of flat) this.#drift.remember(rollout, version);
    this.#noteDrift(
      flat,
      scores.flat().map(({ logprobs }) => logprobs),
    );
    return groups.map(({ prompt, rollouts }, group) => ({
      prompt,
      rollouts: rollouts.map((rollout, index) => ({ ...rollout, behaviourLogprobs: scores[group]![index]!.logprobs })),
    }));
  }

  #checkPrompt(prompt: Prompt, responseLength: number): void {
    if (prompt.images.length > 0 && !this.capabilities.supported.has("images")) {
      throw new FoveaError(`prompt "${prompt.id}" has images, which ${this.#parts.session.origin} does not take`);
    }
    const length = this.promptLength(prompt);
    if (length + responseLength <= this.capabilities.maximumContext) return;
    throw new FoveaError(
      `the prompt "${prompt.id}" has ${length} tokens and its response up to ${responseLength}, but the model's context holds ${this.capabilities.maximumContext}`,
    );
  }

  async score(requests: readonly ScoreRequest[], options: ScoreOptions = {}): Promise<TokenScores[][]> {
    if (options.entropies || options.distributions) {
      throw new FoveaError(
        'the policy engine "tinker" gives log-probabilities of given tokens alone, no distributions',
      );
    }
    const responses = await this.#prompted(requests);
    const rows =
      options.model === "reference" ? await this.#scoreByReference(responses) : await this.#forward(responses);
    let next = 0;
    return requests.map(({ responses: own }) => own.map(() => ({ logprobs: rows[next++]! })));
  }

  /** Responses behind their prompts, flat, in order. */
  async #prompted(requests: readonly ScoreRequest[]): Promise<PromptedResponse[]> {
    const groups = await Promise.all(
      requests.map(async ({ prompt, responses }) => {
        this.#checkPrompt(prompt, Math.max(0, ...responses.map((tokens) => tokens.length)));
        const encoded = await this.#encode(prompt);
        return responses.map((tokens): PromptedResponse => ({ prompt: encoded, tokens }));
      }),
    );
    return groups.flat();
  }

  #tokensOf(responses: readonly PromptedResponse[]): number {
    return responses.reduce((sum, { prompt, tokens }) => sum + prompt.tokens.length + tokens.length - 1, 0);
  }

  /** One pass over responses, in requests of limited size that keep their order. `[responses][T]` log-probabilities. */
  async #pass(
    path: "/forward" | "/forward_backward",
    responses: readonly PromptedResponse[],
    lossFunction: string,
    inputs: PassInputs,
    config?: Readonly<Record<string, number>>,
  ): Promise<Float32Array[]> {
    const size = this.#parts.options.dataPerRequest;
    const starts = Array.from({ length: Math.ceil(responses.length / size) }, (_, index) => index * size);
    const field = path === "/forward" ? "forward_input" : "forward_backward_input";
    const rows = await Promise.all(
      starts.map(async (start) => {
        const part = responses.slice(start, start + size);
        const data = part.map((response, index) => {
          const own = Object.entries(inputs).map(([name, values]) => [name, values[start + index]!] as const);
          return buildDatum(response, Object.fromEntries(own), this.#marksPrefix);
        });
        const body = {
          [field]: { data, loss_fn: lossFunction, ...(config === undefined ? {} : { loss_fn_config: config }) },
        };
        if (path === "/forward_backward") this.#lineage.addGradient(body);
        const { loss_fn_outputs: outputs } = await this.#channel.operation(path, forwardResultSchema, body);
        return part.map((response, index) => {
          const logprobs = responsePart(response, outputs[index]?.["logprobs"]?.data ?? []);
          if (logprobs.length !== response.tokens.length) {
            throw new FoveaError(`the server's answer to ${path} lacks log-probabilities of datum ${start + index}`);
          }
          return logprobs;
        });
      }),
    );
    return rows.flat();
  }

  async #forward(responses: readonly PromptedResponse[]): Promise<Float32Array[]> {
    const weights = responses.map(({ tokens }) => new Float32Array(tokens.length).fill(1));
    const logprobs = await this.#pass("/forward", responses, "cross_entropy", { weights });
    this.#usage = addUsage(this.#usage, { scored: this.#tokensOf(responses) });
    return logprobs;
  }

  /** Accumulates the gradient whose derivative by each log-probability is given: cross-entropy with weights of minus that. */
  async #backward(responses: readonly PromptedResponse[], gradients: readonly Float32Array[]): Promise<void> {
    const weights = gradients.map((row) => row.map((value) => -value));
    await this.#pass("/forward_backward", responses, "cross_entropy", { weights });
    this.#usage = addUsage(this.#usage, { trained: this.#tokensOf(responses) });
  }

  async accumulateGradients({ groups, loss }: GradientRequest): Promise<GradientReport> {
    const rollouts = groups.flatMap((group) => group.rollouts);
    const size = miniBatchSize(rollouts);
    const responses = await this.#prompted(
      groups.map(({ prompt, rollouts: own }) => ({ prompt, responses: own.map(({ tokens }) => tokens) })),
    );
    const form = this.#builtInForm(loss, rollouts, size);
    const logprobs =
      form === undefined ? await this.#forward(responses) : await this.#builtInPass(responses, rollouts, form);
    const evaluation = evaluateLoss(
      loss,
      rollouts.map((rollout, index) => ({ ...rollout, logprobs: logprobs[index]! })),
      size,
    );
    // The gradient at the true log-probabilities has the last word: what the server's own loss lacks of it is added.
    const missing =
      form === undefined
        ? evaluation.gradients
        : gradientResidual(evaluation.gradients, builtInGradient(form, rollouts, logprobs));
    if (missing !== undefined) {
      if (form !== undefined) this.#correctedPasses++;
      await this.#backward(responses, [...missing]);
    }
    this.#gradients++;
    this.#noteDrift(rollouts, logprobs);
    return { loss: evaluation.loss, metrics: { ...evaluation.metrics, ...this.#engineMetrics() } };
  }

  #builtInForm(loss: Loss, rollouts: readonly CreditedRollout[], size: MiniBatchSize): BuiltInForm | undefined {
    const { options, findings, context } = this.#parts;
    if (options.builtInLosses === "never" || !findings.hasClippedSurrogate) return undefined;
    return findBuiltInForm(loss, rollouts, size, context.seed);
  }

  async #builtInPass(
    responses: readonly PromptedResponse[],
    rollouts: readonly CreditedRollout[],
    { lossFunction, thresholds, advantages }: BuiltInForm,
  ): Promise<Float32Array[]> {
    this.#builtInPasses++;
    const inputs = { logprobs: rollouts.map(({ behaviourLogprobs }) => behaviourLogprobs), advantages };
    const config = Object.keys(thresholds).length === 0 ? undefined : (thresholds as Record<string, number>);
    const logprobs = await this.#pass("/forward_backward", responses, lossFunction, inputs, config);
    this.#usage = addUsage(this.#usage, { trained: this.#tokensOf(responses) });
    return logprobs;
  }

  #noteDrift(rollouts: readonly Rollout[], logprobs: readonly Float32Array[]): void {
    const drift = this.#drift.measure(rollouts, logprobs, this.#version);
    if (drift === undefined) return;
    this.#lastDrift = drift;
    const { driftThreshold } = this.#parts.options;
    if (drift.mean > driftThreshold) {
      warn(
        `the sampler's and the trainer's log-probabilities of the same tokens differ by ${drift.mean.toFixed(4)} on average ` +
          `(at most ${drift.maximum.toFixed(4)}), above driftThreshold ${driftThreshold}; consider behaviourLogprobs: "trainer"`,
      );
    }
  }

  /** Running totals, and the drift measured last: every report has them, so that curves have no gaps. */
  #engineMetrics(): Record<string, number> {
    const { prices } = this.#parts.options;
    const { prefilled, sampled, scored, trained } = this.#usage;
    return {
      ...(this.#lastDrift === undefined
        ? {}
        : { "engine/drift-mean": this.#lastDrift.mean, "engine/drift-maximum": this.#lastDrift.maximum }),
      "engine/tokens-prefilled": prefilled,
      "engine/tokens-sampled": sampled,
      "engine/tokens-scored": scored,
      "engine/tokens-trained": trained,
      "engine/built-in-passes": this.#builtInPasses,
      "engine/corrected-passes": this.#correctedPasses,
      ...(prices === undefined ? {} : { "engine/cost": usageCost(this.#usage, prices) }),
    };
  }

  async step({ learningRate, maximumGradientNorm }: StepOptions): Promise<StepReport> {
    if (this.#gradients === 0) throw new FoveaError("there is no gradient to step along");
    if (maximumGradientNorm !== undefined && !this.capabilities.supported.has("gradient-clipping")) {
      throw new FoveaError(
        `${this.#parts.session.origin} is not known to clip gradients: set training.maximumGradientNorm to null, or the policy's option clipsGradients if it does`,
      );
    }
    const { beta1, beta2, epsilon, weightDecay } = this.#parts.options.optimiser;
    const adamParams = {
      learning_rate: learningRate,
      beta1,
      beta2,
      eps: epsilon,
      weight_decay: weightDecay,
      ...(maximumGradientNorm === undefined ? {} : { grad_clip_norm: maximumGradientNorm }),
    };
    this.#gradients = 0;
    const { metrics } = await this.#channel.operation("/optim_step", optimStepResultSchema, {
      adam_params: adamParams,
      type: "optim_step",
    });
    this.#version++;
    this.#lineage.applyStep(adamParams);
    const norm = Object.entries(metrics ?? {}).find(([name]) => /(^|[/._])grad(ient)?_norm(:|$)/.test(name))?.[1];
    return norm === undefined ? {} : { gradientNorm: norm };
  }

  #referenceSession(): ServerSession {
    const { referenceSession } = this.#parts;
    if (referenceSession === undefined) {
      throw new FoveaError('a reference policy is asked for, but the policy\'s option "reference" is "none"');
    }
    return referenceSession;
  }

  async #scoreByReference(responses: readonly PromptedResponse[]): Promise<Float32Array[]> {
    const session = this.#referenceSession();
    this.#reference ??= session
      .createSampler(this.#referenceWeights ?? undefined)
      .then((id) => new Sampler(session.connection, id));
    const sampler = await this.#reference;
    const { options, encoder } = this.#parts;
    const stop = [...encoder.stopTokenIds];
    const rows = await mapConcurrently(responses, options.concurrency, ({ prompt, tokens }) =>
      sampler.score(prompt, tokens, stop, session.extension?.prefix_chunks ?? false),
    );
    this.#usage = addUsage(this.#usage, { prefilled: this.#tokensOf(responses) });
    return rows;
  }

  async refreshReference(): Promise<void> {
    const { session } = this.#parts;
    if (this.#referenceSession() !== session) {
      throw new FoveaError("the reference policy is another server's, which cannot take the trained weights over");
    }
    const { path } = await this.#freshOnConflict(() =>
      this.#channel.operation("/save_weights_for_sampler", samplerSavedSchema, {
        path: this.#newName("reference"),
        type: "save_weights_for_sampler",
      }),
    );
    if (!path) throw new FoveaError("the server saved the reference policy and named no place");
    this.#referenceWeights = path;
    this.#reference = undefined;
  }

  #newName(purpose: string): string {
    return `fovea-${purpose}-${this.#version}-${this.#savedNames++}`;
  }

  tokenTexts(tokens: Int32Array): readonly string[] {
    return this.#parts.encoder.tokenTexts(tokens);
  }

  promptLength(prompt: Prompt): number {
    return this.#parts.encoder.promptLength(prompt);
  }

  async save(directory: string): Promise<void> {
    if (this.#gradients > 0) {
      throw new FoveaError("there are accumulated gradients that no step has applied; a checkpoint would lose them");
    }
    const { path } = await this.#freshOnConflict(() =>
      this.#channel.operation("/save_weights", savedWeightsSchema, {
        path: this.#newName("checkpoint"),
        type: "save_weights",
      }),
    );
    await writeRemoteCheckpoint(directory, {
      baseModel: this.#parts.session.baseModel,
      weights: path,
      referenceWeights: this.#referenceWeights,
      lineage: this.#lineage.digest,
      optimiserSteps: this.#version,
      totals: { ...this.#usage, builtInPasses: this.#builtInPasses, correctedPasses: this.#correctedPasses },
      drift: this.#lastDrift ?? null,
    });
  }

  async load(directory: string): Promise<void> {
    const { session } = this.#parts;
    const checkpoint = await readRemoteCheckpoint(directory, session.baseModel);
    await this.#loadWeights(checkpoint.weights);
    this.#version = checkpoint.optimiserSteps;
    this.#sampler = undefined;
    this.#gradients = 0;
    this.#lineage.restore(checkpoint.lineage);
    const { builtInPasses, correctedPasses, ...usage } = checkpoint.totals;
    this.#usage = usage;
    this.#builtInPasses = builtInPasses;
    this.#correctedPasses = correctedPasses;
    this.#lastDrift = checkpoint.drift ?? undefined;
    this.#referenceWeights = checkpoint.referenceWeights;
    this.#reference = undefined;
  }

  /**
   * Weights go into a new model, because servers load into none that has done anything; the old one is given up afterwards, or
   * before where the server holds one model at a time.
   */
  async #loadWeights(path: string): Promise<void> {
    const { session, options } = this.#parts;
    const old = this.#channel;
    let hasUnloaded = false;
    for (let attempt = 0; ; attempt++) {
      try {
        const channel = await session.createModel(options.lora);
        await channel.operation("/load_weights", z.unknown(), { path, optimizer: true, type: "load_weights" });
        this.#channel = channel;
        break;
      } catch (error) {
        if (!(error instanceof RefusedError) || error.status === 404 || attempt >= 2) throw error;
        if (!hasUnloaded && !error.message.includes("/load_weights")) {
          hasUnloaded = true;
          await session.unloadModel(old.modelId);
        } else if (!error.wasResent) throw error;
      }
    }
    if (!hasUnloaded) await session.unloadModel(old.modelId).catch(() => {});
  }

  async fingerprint(): Promise<string> {
    const { session } = this.#parts;
    if (!session.extension?.fingerprint) {
      return createHash("sha256").update(`lineage ${this.#lineage.digest}`).digest("hex");
    }
    const { fovea_fingerprint: fingerprint } = await session.connection.call("/get_info", modelInfoSchema, {
      model_id: this.#channel.modelId,
      type: "get_info",
    });
    if (fingerprint === undefined) throw new FoveaError("the server declares fingerprints and gave none");
    return fingerprint;
  }

  describe(): Readonly<Record<string, string | number | boolean>> {
    const { session, options, encoder, referenceSession } = this.#parts;
    return {
      engine: "@fovea-rl/policy-tinker",
      server: session.origin,
      baseModel: session.baseModel,
      modelFamily: encoder.family.name,
      loraRank: options.lora.rank,
      isFoveaServer: session.extension !== undefined,
      fingerprintKind: session.extension?.fingerprint ? "weights" : "lineage",
      behaviourLogprobs: options.behaviourLogprobs,
      ...(referenceSession === undefined ? {} : { referenceServer: referenceSession.origin }),
    };
  }

  async dispose(): Promise<void> {
    const { session, referenceSession } = this.#parts;
    // The server drops silent sessions by itself: it is a courtesy that must not hold anyone up.
    const courtesy = session.unloadModel(this.#channel.modelId).catch(() => {});
    await Promise.race([courtesy, new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
    session.close();
    referenceSession?.close();
  }
}

function checkTemperature({ extension, origin }: ServerSession, trainingTemperature: number): void {
  const served = extension?.training_temperature ?? 1;
  if (served !== trainingTemperature) {
    throw new FoveaError(
      `the configuration trains at temperature ${trainingTemperature}, but ${origin} gives log-probabilities at temperature ${served}`,
    );
  }
}

function warnOfLimits(
  { extension, origin }: ServerSession,
  options: TinkerPolicyOptions,
  findings: ProbeFindings,
): void {
  if (!extension?.optimiser_fields) {
    warn(
      `${origin} does not say which optimiser settings it honours; SkyRL's torch backends take the learning rate alone and the rest from their own configuration`,
    );
  }
  if (options.builtInLosses === "auto" && !findings.hasClippedSurrogate) {
    warn(`${origin} has no "ppo" loss: every gradient takes a forward pass and a backward pass`);
  }
}
