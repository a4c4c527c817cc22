import {
  createLossInput,
  FoveaError,
  type GradientReport,
  type GradientRequest,
  type Image,
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
} from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { AdamW, type AdamWOptions, globalNorm } from "./adamw.ts";
import { scoresOfDistributions } from "./distribution-scores.ts";
import { readEngineCheckpoint, writeEngineCheckpoint } from "./engine-checkpoint.ts";
import { type EngineParts, openEngine } from "./engine-parts.ts";
import { inOrder } from "./executor.ts";
import { GradientSum } from "./gradient-sum.ts";
import { LossReports } from "./loss-reports.ts";
import { createMicroBatches, type MicroBatch } from "./micro-batches.ts";
import type { ModelConfig } from "./model-config.ts";
import { openModelWeights } from "./model-weights.ts";
import { parameterReader } from "./parameter-layout.ts";
import type { Parameters } from "./parameters.ts";
import { microBatchTokens, samplingRows, type TfjsPolicyOptions } from "./policy-options.ts";
import { PromptEncoder } from "./prompt-encoder.ts";
import { createSamplePasses } from "./sample-passes.ts";
import type { SampledResponse } from "./sample-responses.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { compiledKernels } from "./wasm-model/compiled-kernels.ts";

/** A policy on TensorFlow.js in this process. Prefixes are shared in sampling, scoring and training alike. */
export class TfjsPolicy implements Policy {
  readonly name = "tfjs";
  readonly capabilities: PolicyCapabilities;
  readonly #parts: EngineParts;
  readonly #encoder: PromptEncoder;
  readonly #gradients = new GradientSum();
  #parameters: Parameters;
  #optimiser: AdamW;
  #reference: Parameters | undefined;
  /** Whether the parameters are still those of the model's directory. */
  #isUntrained = true;
  #isDisposed = false;

  constructor(parts: EngineParts) {
    const { config, executor, options, parameters } = parts;
    this.#parts = parts;
    this.#encoder = new PromptEncoder(parts);
    this.#parameters = parameters;
    this.#optimiser = new AdamW(options.optimiser);
    executor.acquire();
    this.capabilities = {
      supported: new Set([
        ...(config.vision === undefined ? [] : (["images"] as const)),
        "custom-loss",
        "reference-policy",
        "entropies",
        "distributions",
        "gradient-clipping",
      ]),
      maximumContext: config.text.maximumPositions,
      vocabularySize: config.text.vocabularySize,
    };
  }

  static async create(options: TfjsPolicyOptions, context: PolicyContext): Promise<TfjsPolicy> {
    return new TfjsPolicy(await openEngine(options, context));
  }

  /** Another policy with the same weights and a fresh optimiser. */
  fork(): TfjsPolicy {
    const fork = new TfjsPolicy({ ...this.#parts, parameters: this.#parameters.copy() });
    fork.#isUntrained = this.#isUntrained;
    return fork;
  }

  /** The model's shape and special tokens. */
  get modelConfig(): ModelConfig {
    return this.#parts.config;
  }

  get tokenizer(): Tokenizer {
    return this.#parts.tokenizer;
  }

  tokenTexts(tokens: Int32Array): readonly string[] {
    return this.#parts.tokenizer.tokenTexts(tokens);
  }

  /**
   * A prompt that was encoded elsewhere, for servers: it stands for exactly these tokens, and its images for the runs of image
   * tokens in them. Known to the policy that made it alone.
   *
   * @param id random draws are keyed by it, as by any prompt's.
   * @param tokens `[P]`, each image counting as the engine's number of image tokens.
   * @throws FoveaError if the image tokens are not those of the images, or a token is beyond the vocabulary.
   */
  promptOfTokens(id: string, tokens: Int32Array, images: readonly Image[]): Prompt {
    return this.#encoder.promptOfTokens(id, tokens, images);
  }

  promptLength(prompt: Prompt): number {
    return this.#encoder.tokens(prompt).tokens.length;
  }

  async sample(request: SampleRequest): Promise<RolloutGroup<Rollout>[]> {
    const { prompts, sampling } = request;
    const { tokenizer, context, options, backend, executor } = this.#parts;
    const encoded = await Promise.all(prompts.map((prompt) => this.#encoder.encode(prompt, sampling.maximumTokens)));
    const passes = createSamplePasses(request, encoded, samplingRows(options, backend), {
      sampling,
      trainingTemperature: context.trainingTemperature,
      stopTokenIds: tokenizer.stopTokenIds,
    });
    const groups: RolloutGroup<Rollout>[] = [];
    await inOrder(
      executor.samplingWidth,
      passes,
      (pass) => executor.sample(pass, this.#parameters),
      (responses) => {
        for (const group of responses) {
          const prompt = prompts[groups.length]!;
          groups.push({ prompt, rollouts: group.map((response, index) => this.#rollout(prompt, response, index)) });
        }
      },
    );
    return groups;
  }

  #rollout(prompt: Prompt, response: SampledResponse, sampleIndex: number): Rollout {
    const { tokens, logprobs, entropies, finishReason } = response;
    const written = finishReason === "stop" ? tokens.subarray(0, -1) : tokens;
    return {
      promptId: prompt.id,
      sampleIndex,
      tokens,
      behaviourLogprobs: logprobs,
      entropies,
      text: this.#parts.tokenizer.decode(written),
      finishReason,
    };
  }

  async score(requests: readonly ScoreRequest[], options: ScoreOptions = {}): Promise<TokenScores[][]> {
    const { config, executor } = this.#parts;
    const parameters = options.model === "reference" ? await this.#referenceParameters() : this.#parameters;
    const distributions = options.entropies === true || options.distributions === true;
    const width = distributions ? config.text.vocabularySize : 1;
    const scores: TokenScores[][] = requests.map(() => []);
    const batches = await this.#microBatches(requests);
    await inOrder(
      executor.width,
      batches,
      ({ pass }) => executor.score({ ...pass, distributions }, parameters),
      ({ values, length }, batch) => {
        for (const { group, response, row } of batches[batch]!.rows) {
          const tokens = requests[group]!.responses[response]!;
          const own = values.slice(row * length * width, (row * length + tokens.length) * width);
          scores[group]![response] = distributions
            ? scoresOfDistributions(own, tokens, width, options)
            : { logprobs: own };
        }
      },
    );
    return scores;
  }

  /** The passes that score or differentiate these responses, with what each of them holds. */
  async #microBatches(requests: readonly ScoreRequest[]): Promise<readonly MicroBatch[]> {
    const { options, context, backend, config } = this.#parts;
    const longest = (responses: readonly Int32Array[]) => Math.max(0, ...responses.map((tokens) => tokens.length));
    const prompts = await Promise.all(
      requests.map(({ prompt, responses }) => this.#encoder.encode(prompt, longest(responses))),
    );
    const longestPrompt = Math.max(0, ...prompts.map(({ tokens }) => tokens.length));
    const maximumTokens = microBatchTokens(options, backend, config, longestPrompt);
    return createMicroBatches(requests, prompts, maximumTokens, context.trainingTemperature);
  }

  async accumulateGradients({ groups, loss }: GradientRequest): Promise<GradientReport> {
    const { executor } = this.#parts;
    const size = miniBatchSize(groups.flatMap(({ rollouts }) => rollouts));
    const batches = await this.#microBatches(
      groups.map(({ prompt, rollouts }) => ({ prompt, responses: rollouts.map(({ tokens }) => tokens) })),
    );
    const reports = new LossReports();
    const sum = new GradientSum();
    const pending = new Set<Parameters>();
    try {
      await inOrder(
        executor.width,
        batches,
        async ({ pass, rows }, batch) => {
          const rollouts = rows.map(({ group, response }) => groups[group]!.rollouts[response]!);
          const objective = (logprobs: tf.Tensor2D): tf.Scalar => {
            const output = loss.compute(createLossInput(loss, rollouts, logprobs, size));
            reports.keep(batch, output);
            return output.loss;
          };
          const gradientPass = { ...pass, rows: Int32Array.from(rows, ({ row }) => row) };
          const gradient = await executor.gradient(gradientPass, this.#parameters, objective);
          pending.add(gradient);
          return { gradient, report: await reports.read(batch) };
        },
        async ({ gradient, report }) => {
          pending.delete(gradient);
          await sum.add(gradient);
          reports.add(report);
        },
      );
      await this.#gradients.take(sum);
    } finally {
      // What a failure has left: a call that fails adds nothing.
      sum.discard();
      for (const gradient of pending) gradient.dispose();
      reports.dispose();
    }
    return reports.sums();
  }

  async step({ learningRate, maximumGradientNorm }: StepOptions): Promise<Required<StepReport>> {
    return this.#gradients.spend(async (gradient) => {
      const gradientNorm = await globalNorm(gradient);
      this.#isUntrained = false;
      const exceeds = maximumGradientNorm !== undefined && gradientNorm > maximumGradientNorm;
      const scale = exceeds ? maximumGradientNorm / gradientNorm : 1;
      await this.#optimiser.apply(this.#parameters, gradient, learningRate, scale);
      return { gradientNorm };
    });
  }

  /** Steps from now on with other coefficients; moments stay. */
  useOptimiser(options: AdamWOptions): void {
    this.#optimiser = this.#optimiser.withOptions(options);
  }

  /** The reference is the model the engine started from, until it is refreshed. There is none before somebody asks for it. */
  async #referenceParameters(): Promise<Parameters> {
    this.#reference ??= this.#isUntrained ? this.#parameters.copy() : await this.#readModel();
    return this.#reference;
  }

  async #readModel(): Promise<Parameters> {
    const { config, modelDirectory, executor } = this.#parts;
    const weights = await openModelWeights(modelDirectory);
    try {
      return await executor.createParameters(parameterReader(config, weights.tensors, modelDirectory));
    } finally {
      await weights.close();
    }
  }

  async refreshReference(): Promise<void> {
    this.#reference?.dispose();
    this.#reference = this.#parameters.copy();
  }

  async save(directory: string): Promise<void> {
    if (!this.#gradients.isEmpty) {
      throw new FoveaError("there are accumulated gradients that no step has applied; a checkpoint would lose them");
    }
    await writeEngineCheckpoint(directory, this.#parts.modelDirectory, {
      parameters: this.#parameters,
      optimiser: this.#optimiser,
      reference: this.#reference,
    });
  }

  async load(directory: string): Promise<void> {
    const { config, options, executor } = this.#parts;
    const state = await readEngineCheckpoint(directory, config, options.optimiser, executor);
    this.#disposeState();
    this.#parameters = state.parameters;
    this.#isUntrained = false;
    this.#optimiser = state.optimiser;
    this.#reference = state.reference;
  }

  fingerprint(): Promise<string> {
    return this.#parameters.fingerprint();
  }

  describe(): Readonly<Record<string, string | number | boolean>> {
    return {
      engine: "@fovea-rl/policy-tfjs",
      backend: this.#parts.backend,
      // Sums of kernels that round once or twice differ in bits.
      ...(this.#parts.executor.usesKernels ? { fusedMultiplyAdd: compiledKernels().fusesMultiplyAdd } : {}),
      tensorflowJs: tf.version_core,
      model: this.#parts.options.model,
      modelType: this.#parts.config.modelType,
      parameters: this.#parameters.count(),
    };
  }

  #disposeState(): void {
    this.#parameters.dispose();
    this.#optimiser.dispose();
    this.#reference?.dispose();
    this.#gradients.discard();
    this.#reference = undefined;
  }

  /** Ends its use. To do it again does nothing. */
  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#disposeState();
    await this.#parts.executor.release();
  }
}
