import { createHash } from "node:crypto";
import {
  type Cancellable,
  type Capability,
  FoveaError,
  type GradientReport,
  type GradientRequest,
  type Loss,
  miniBatchSize,
  type Policy,
  type PolicyCapabilities,
  type PolicyContext,
  type Prompt,
  type Rollout,
  type RolloutGroup,
  type SampleRequest,
  type ScoreOptions,
  type ScoreRequest,
  type StepOptions,
  type StepReport,
  type TokenScores,
  type Usage,
  type WorkAhead,
} from "@fovea-rl/core";
import type { ConnectionCounts } from "./connection/tinker-connection.ts";
import { type EngineParts, openServer } from "./open-server.ts";
import type { TinkerPolicyOptions } from "./policy-options.ts";
import { EncodedPrompts } from "./prompt/encoded-prompts.ts";
import { ReferencePolicy } from "./reference-policy.ts";
import { RolloutSampler } from "./rollout-sampler.ts";
import { TrainedModel } from "./trained-model.ts";
import { exampleRollouts } from "./training/example-rollouts.ts";
import { DriftMeter } from "./training/logprob-drift.ts";
import { LossGradient } from "./training/loss-gradient.ts";
import { readRemoteCheckpoint, writeRemoteCheckpoint } from "./training/remote-checkpoint.ts";
import { TrainingPasses } from "./training/training-passes.ts";
import { estimateUsage, passTokens, type TokenUsage, UsageMeter, usageRecord } from "./training/usage.ts";

const DEFAULT_CONTEXT = 32_768;
const COURTESY_MILLISECONDS = 2000;
const DRIFT_REMEDIES = {
  sampler: 'consider behaviourLogprobs: "trainer"',
  trainer: "the trainer's count, but tokens were drawn by the sampler's",
};

function capabilitiesOf({ options, session, encoder, findings }: EngineParts): PolicyCapabilities {
  const supported: Capability[] = ["custom-loss"];
  if (findings.seesImages) supported.push("images");
  if (options.reference !== "none") supported.push("reference-policy");
  if (options.clipsGradients || session.extension?.optimiser_fields) supported.push("gradient-clipping");
  return {
    supported: new Set(supported),
    maximumContext: options.maximumContext ?? session.maximumContext ?? DEFAULT_CONTEXT,
    vocabularySize: session.extension?.vocabulary_size ?? encoder.vocabularySize,
  };
}

/** A policy on a server that speaks the Tinker protocol. Losses are evaluated here, on log-probabilities that were fetched. */
export class TinkerPolicy implements Policy {
  readonly name = "tinker";
  readonly capabilities: PolicyCapabilities;
  readonly #parts: EngineParts;
  readonly #model: TrainedModel;
  readonly #prompts: EncodedPrompts;
  readonly #sampler: RolloutSampler;
  readonly #passes: TrainingPasses;
  readonly #gradient: LossGradient;
  readonly #reference: ReferencePolicy | undefined;
  readonly #meter = new UsageMeter();
  readonly #drift: DriftMeter;

  private constructor(parts: EngineParts) {
    const { options, context, session, channel, encoder, findings, referenceSession } = parts;
    this.#parts = parts;
    this.capabilities = capabilitiesOf(parts);
    this.#drift = new DriftMeter(options.driftThreshold, DRIFT_REMEDIES[options.behaviourLogprobs]);
    this.#model = new TrainedModel(session, channel, options);
    this.#prompts = new EncodedPrompts(encoder, this.capabilities, session.origin);
    this.#sampler = new RolloutSampler(this.#model, encoder, this.#prompts, this.#meter, options.concurrency);
    this.#passes = new TrainingPasses(this.#model, this.#meter, options.dataPerRequest);
    const usesBuiltIn = options.builtInLosses !== "never" && findings.hasClippedSurrogate;
    this.#gradient = new LossGradient(this.#passes, usesBuiltIn, context.seed);
    this.#reference =
      referenceSession && new ReferencePolicy(referenceSession, options.concurrency, encoder.stopTokenIds);
  }

  /** @throws FoveaError if the server cannot be reached or cannot do what the options and the context ask. */
  static async create(options: TinkerPolicyOptions, context: PolicyContext): Promise<TinkerPolicy> {
    return new TinkerPolicy(await openServer(options, context));
  }

  /** What happened on the connection so far. */
  get connectionCounts(): Readonly<ConnectionCounts> {
    return this.#parts.session.connection.counts;
  }

  /** Tokens used so far, by what was done with them. */
  get tokenUsage(): TokenUsage {
    return this.#meter.total;
  }

  usage(): Usage {
    return usageRecord(this.#meter.total, this.#parts.options.prices);
  }

  estimateUsage({ loss, ...work }: WorkAhead): Usage {
    const { prices, behaviourLogprobs } = this.#parts.options;
    const plan = { usesBuiltInLoss: this.#hasBuiltIn(loss), rescoresSamples: behaviourLogprobs === "trainer" };
    return usageRecord(estimateUsage(work, plan), prices);
  }

  /** Whether the server has the loss itself, as far as made-up rollouts can tell. */
  #hasBuiltIn(loss: Loss): boolean {
    const rollouts = exampleRollouts(loss.columns, this.#parts.context.seed);
    return this.#gradient.builtInForm(loss, rollouts, miniBatchSize(rollouts)) !== undefined;
  }

  async sample(request: SampleRequest): Promise<RolloutGroup<Rollout>[]> {
    const groups = await this.#sampler.sample(request);
    const { behaviourLogprobs } = this.#parts.options;
    const settled = behaviourLogprobs === "trainer" ? await this.#rescored(groups, request) : groups;
    const { version } = this.#model;
    for (const { rollouts } of settled) for (const rollout of rollouts) this.#drift.remember(rollout, version);
    return settled;
  }

  /** The same rollouts with the trainer's log-probabilities as the behaviour policy's. */
  async #rescored(groups: readonly RolloutGroup<Rollout>[], options: Cancellable): Promise<RolloutGroup<Rollout>[]> {
    const scores = await this.score(
      groups.map(({ prompt, rollouts }) => ({ prompt, responses: rollouts.map(({ tokens }) => tokens) })),
      { signal: options.signal },
    );
    const flat = groups.flatMap(({ rollouts }) => rollouts);
    for (const rollout of flat) this.#drift.remember(rollout, this.#model.version);
    this.#drift.note(
      flat,
      scores.flat().map(({ logprobs }) => logprobs),
      this.#model.version,
    );
    return groups.map(({ prompt, rollouts }, group) => ({
      prompt,
      rollouts: rollouts.map((rollout, index) => ({ ...rollout, behaviourLogprobs: scores[group]![index]!.logprobs })),
    }));
  }

  async score(requests: readonly ScoreRequest[], options: ScoreOptions = {}): Promise<TokenScores[][]> {
    if (options.entropies || options.distributions) {
      throw new FoveaError(
        'the policy engine "tinker" gives log-probabilities of given tokens alone, no distributions',
      );
    }
    const responses = await this.#prompts.behind(requests);
    let rows: readonly Float32Array[];
    if (options.model === "reference") {
      rows = await this.#requireReference().score(responses, options);
      this.#meter.add({ prefilled: passTokens(responses) });
    } else rows = await this.#passes.forward(responses, options);
    let next = 0;
    return requests.map(({ responses: own }) => own.map(() => ({ logprobs: rows[next++]! })));
  }

  async accumulateGradients({ groups, loss, signal }: GradientRequest): Promise<GradientReport> {
    const rollouts = groups.flatMap((group) => group.rollouts);
    const responses = await this.#prompts.behind(
      groups.map(({ prompt, rollouts: own }) => ({ prompt, responses: own.map(({ tokens }) => tokens) })),
    );
    const report = await this.#gradient.accumulate(loss, rollouts, responses, { signal });
    this.#model.noteGradient();
    this.#drift.note(rollouts, report.logprobs, this.#model.version);
    return { loss: report.loss, metrics: { ...report.metrics, ...this.#engineMetrics() } };
  }

  /** The drift measured last, and how often each kind of pass was taken: every report has them, so that curves have no gaps. */
  #engineMetrics(): Record<string, number> {
    const { builtInPasses, correctedPasses } = this.#gradient.counts;
    const drift = this.#drift.latest;
    return {
      ...(drift === undefined ? {} : { "engine/drift-mean": drift.mean, "engine/drift-maximum": drift.maximum }),
      "engine/built-in-passes": builtInPasses,
      "engine/corrected-passes": correctedPasses,
    };
  }

  async step(options: StepOptions): Promise<StepReport> {
    if (options.maximumGradientNorm !== undefined && !this.capabilities.supported.has("gradient-clipping")) {
      throw new FoveaError(
        `${this.#parts.session.origin} is not known to clip gradients: set training.maximumGradientNorm to null, or the policy's option clipsGradients if it does`,
      );
    }
    return this.#model.step(options);
  }

  #requireReference(): ReferencePolicy {
    if (this.#reference === undefined) {
      throw new FoveaError('a reference policy is asked for, but the policy\'s option "reference" is "none"');
    }
    return this.#reference;
  }

  async refreshReference(options: Cancellable = {}): Promise<void> {
    await this.#requireReference().refresh(this.#model, options);
  }

  tokenTexts(tokens: Int32Array): readonly string[] {
    return this.#parts.encoder.tokenTexts(tokens);
  }

  promptLength(prompt: Prompt): number {
    return this.#parts.encoder.promptLength(prompt);
  }

  async save(directory: string, options: Cancellable = {}): Promise<void> {
    const weights = await this.#model.saveWeights(options);
    await writeRemoteCheckpoint(directory, {
      baseModel: this.#parts.session.baseModel,
      weights,
      referenceWeights: this.#reference?.weights ?? null,
      lineage: this.#model.lineage.digest,
      optimiserSteps: this.#model.version,
      totals: { ...this.#meter.total, ...this.#gradient.counts },
      drift: this.#drift.latest ?? null,
    });
  }

  async load(directory: string, options: Cancellable = {}): Promise<void> {
    const checkpoint = await readRemoteCheckpoint(directory, this.#parts.session.baseModel);
    await this.#model.loadWeights(checkpoint.weights, checkpoint.optimiserSteps, options);
    this.#sampler.forget();
    this.#model.lineage.restore(checkpoint.lineage);
    const { builtInPasses, correctedPasses, ...tokens } = checkpoint.totals;
    this.#meter.restore(tokens);
    this.#gradient.restoreCounts({ builtInPasses, correctedPasses });
    this.#drift.restore(checkpoint.drift ?? undefined);
    if (this.#reference !== undefined) this.#reference.weights = checkpoint.referenceWeights;
  }

  async fingerprint(options: Cancellable = {}): Promise<string> {
    const { lineage } = this.#model;
    return (
      (await this.#model.serverFingerprint(options)) ??
      createHash("sha256").update(`lineage ${lineage.digest}`).digest("hex")
    );
  }

  describe(): Readonly<Record<string, string | number | boolean>> {
    const { session, options, encoder } = this.#parts;
    return {
      engine: "@fovea-rl/policy-tinker",
      server: session.origin,
      baseModel: session.baseModel,
      modelFamily: encoder.family.name,
      loraRank: options.lora.rank,
      isFoveaServer: session.extension !== undefined,
      fingerprintKind: session.extension?.fingerprint ? "weights" : "lineage",
      behaviourLogprobs: options.behaviourLogprobs,
      ...(this.#reference === undefined ? {} : { referenceServer: this.#reference.origin }),
    };
  }

  async dispose(): Promise<void> {
    const { session, referenceSession } = this.#parts;
    // The server drops silent sessions by itself: it is a courtesy that must not hold anyone up.
    const signal = AbortSignal.timeout(COURTESY_MILLISECONDS);
    await session.unloadModel(this.#model.channel.modelId, { signal }).catch(() => {});
    session.close();
    referenceSession?.close();
  }
}
