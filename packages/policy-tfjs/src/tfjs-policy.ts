import {
  type CreditedRollout,
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
import { startBackend } from "./backend.ts";
import { resolveCheckpointDirectory } from "./checkpoint-directory.ts";
import { readEngineCheckpoint, writeEngineCheckpoint } from "./engine-checkpoint.ts";
import { type ImageProcessor, readImageProcessor } from "./image-processor.ts";
import { type GroupPart, planMicroBatches } from "./micro-batches.ts";
import { type ModelConfig, readModelConfig } from "./model-config.ts";
import { readModelWeights } from "./model-weights.ts";
import { Parameters } from "./parameters.ts";
import { inOrder, localExecutor, type PassExecutor } from "./pass-executor.ts";
import type { ResponsePass, SamplePass } from "./passes.ts";
import { checkGradientCheckpointing, passSizes, type TfjsPolicyOptions } from "./policy-options.ts";
import type { SampledResponse } from "./sample-responses.ts";
import type { ModelPrompt } from "./token-batch.ts";
import { type EncodedPrompt, readTokenizer, type Tokenizer } from "./tokenizer.ts";
import { pooledExecutor } from "./worker-executor.ts";

/** What an engine is made of once its checkpoint is read. */
interface EngineParts {
  readonly options: TfjsPolicyOptions;
  readonly context: PolicyContext;
  readonly backend: string;
  readonly modelDirectory: string;
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  readonly imageProcessor: ImageProcessor | undefined;
  readonly parameters: Parameters;
  readonly executor: PassExecutor;
}

/** One pass, and which parts of which groups it holds. */
interface MicroBatch {
  readonly parts: readonly GroupPart[];
  readonly pass: ResponsePass;
}

/** Where a micro-batch's loss stands among its metrics: no metric is called so. */
const LOSS = "";

/** A policy on TensorFlow.js in this process. Prefixes are shared in sampling, scoring and training alike. */
export class TfjsPolicy implements Policy {
  readonly name = "tfjs";
  readonly capabilities: PolicyCapabilities;
  readonly #parts: EngineParts;
  readonly #pixelValues = new WeakMap<Image, Float32Array>();
  /** Prompts of tokens that somebody gave. */
  readonly #encodedPrompts = new WeakMap<Prompt, EncodedPrompt>();
  /** Others, by their messages: with other images in the same places, such as perturbed ones, a prompt has the same tokens. */
  readonly #encodedMessages = new WeakMap<
    Prompt["messages"],
    { readonly images: number; readonly encoded: EncodedPrompt }
  >();
  #parameters: Parameters;
  #optimiser: AdamW;
  /** The sum over all micro-batches since the last step, one parameter after the other. */
  #gradients: Float32Array | undefined;
  /** Rooms for gradients that nobody uses. */
  readonly #gradientRooms: Float32Array[] = [];
  #reference: Parameters | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#parameters = parts.parameters;
    this.#optimiser = AdamW.create(parts.parameters, parts.options.optimiser);
    parts.executor.acquire();
    const { config } = parts;
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
    const { baseDirectory = process.cwd(), packageDirectories = [process.cwd()] } = context;
    const modelDirectory = await resolveCheckpointDirectory(options.model, baseDirectory, packageDirectories);
    const config = await readModelConfig(modelDirectory);
    const tokenizer = await readTokenizer(modelDirectory, config);
    const { ignoreImageSplitting } = options;
    const imageProcessor =
      config.vision === undefined
        ? undefined
        : await readImageProcessor(modelDirectory, config.vision.imageSize, { ignoreImageSplitting });
    const weights = await readModelWeights(modelDirectory);
    const backend = await startBackend(options.backend);
    checkGradientCheckpointing(options, backend);
    const parameters = Parameters.fromCheckpoint(config, weights, modelDirectory);
    const executor =
      options.workers > 1 ? pooledExecutor(options.workers, backend, config, parameters) : localExecutor(config);
    return new TfjsPolicy({
      options,
      context,
      backend,
      modelDirectory,
      config,
      tokenizer,
      imageProcessor,
      parameters,
      executor,
    });
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
    const { imageTokenId, imageTokens, text } = this.#parts.config;
    const placeholders = tokens.reduce((count, token) => count + (token === imageTokenId ? 1 : 0), 0);
    if (placeholders !== images.length * imageTokens) {
      throw new FoveaError(
        `the prompt "${id}" holds ${placeholders} image tokens for ${images.length} images of ${imageTokens} tokens each`,
      );
    }
    const unknown = tokens.find((token) => token < 0 || token >= text.vocabularySize);
    if (unknown !== undefined) {
      throw new FoveaError(
        `the prompt "${id}" holds the token ${unknown}; the vocabulary ends at ${text.vocabularySize - 1}`,
      );
    }
    const prompt: Prompt = { id, messages: [], images, referenceAnswer: "" };
    this.#encodedPrompts.set(prompt, { tokens, imageOrder: [...images.keys()] });
    return prompt;
  }

  /** The model's shape and special tokens. */
  get modelConfig(): ModelConfig {
    return this.#parts.config;
  }

  get tokenizer(): Tokenizer {
    return this.#parts.tokenizer;
  }

  /** Another policy with the same weights and a fresh optimiser. Weights are shared until either of the two changes its own. */
  fork(): TfjsPolicy {
    return new TfjsPolicy({ ...this.#parts, parameters: Parameters.copyOf(this.#parameters) });
  }

  #encodeTokens(prompt: Prompt): EncodedPrompt {
    const given = this.#encodedPrompts.get(prompt);
    if (given !== undefined) return given;
    const known = this.#encodedMessages.get(prompt.messages);
    if (known?.images === prompt.images.length) return known.encoded;
    const encoded = this.#parts.tokenizer.encodePrompt(prompt);
    this.#encodedMessages.set(prompt.messages, { images: prompt.images.length, encoded });
    return encoded;
  }

  async #encode(prompt: Prompt): Promise<ModelPrompt> {
    const { tokens, imageOrder } = this.#encodeTokens(prompt);
    const pixelValues = await Promise.all(
      imageOrder.map(async (index) => {
        const image = prompt.images[index]!;
        const known = this.#pixelValues.get(image);
        if (known !== undefined) return known;
        const values = await this.#parts.imageProcessor!.process(image);
        this.#pixelValues.set(image, values);
        return values;
      }),
    );
    return { tokens, pixelValues };
  }

  /** @throws FoveaError if prompt and response do not fit the model's positions. */
  #checkContext(prompt: Prompt, encoded: ModelPrompt, responseLength: number): void {
    const { maximumContext } = this.capabilities;
    if (encoded.tokens.length + responseLength <= maximumContext) return;
    throw new FoveaError(
      `the prompt "${prompt.id}" has ${encoded.tokens.length} tokens and its response up to ${responseLength}, but the model's context holds ${maximumContext}`,
    );
  }

  async sample(request: SampleRequest): Promise<RolloutGroup<Rollout>[]> {
    const { prompts, samplesPerPrompt, sampling, randomKey } = request;
    const { tokenizer, context, options, backend, executor } = this.#parts;
    const promptsAtOnce = Math.max(1, Math.floor(passSizes(options, backend).samplingRows / samplesPerPrompt));
    const encoded = await Promise.all(prompts.map((prompt) => this.#encode(prompt)));
    prompts.forEach((prompt, index) => {
      this.#checkContext(prompt, encoded[index]!, sampling.maximumTokens);
    });
    const settings = {
      sampling,
      trainingTemperature: context.trainingTemperature,
      stopTokenIds: tokenizer.stopTokenIds,
    };
    const passes: SamplePass[] = [];
    for (let start = 0; start < prompts.length; start += promptsAtOnce) {
      const chunk = prompts.slice(start, start + promptsAtOnce);
      const randomKeys = chunk.map((prompt) =>
        Array.from({ length: samplesPerPrompt }, (_, sampleIndex) => ({
          ...randomKey,
          promptId: prompt.id,
          sampleIndex,
        })),
      );
      passes.push({ prompts: encoded.slice(start, start + promptsAtOnce), randomKeys, settings });
    }
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
    const vocabulary = config.text.vocabularySize;
    const distributions = options.entropies === true || options.distributions === true;
    const scores: TokenScores[][] = requests.map(() => []);
    const batches = await this.#microBatches(requests);
    await inOrder(
      executor.width,
      batches,
      ({ pass }) => executor.score({ ...pass, distributions }, parameters),
      ({ values, length }, batch) => {
        forEachRow(batches[batch]!.parts, (group, response, row) => {
          const tokens = requests[group]!.responses[response]!;
          scores[group]![response] = distributions
            ? scoresOfDistributions(values, row * length, tokens, vocabulary, options)
            : { logprobs: values.slice(row * length, row * length + tokens.length) };
        });
      },
    );
    return scores;
  }

  /** The passes that score or differentiate these responses, with what each of them holds. */
  async #microBatches(requests: readonly ScoreRequest[]): Promise<readonly MicroBatch[]> {
    const { options, context, backend } = this.#parts;
    const encoded = await Promise.all(requests.map(({ prompt }) => this.#encode(prompt)));
    const sizes = requests.map(({ prompt, responses }, index) => {
      const responseLengths = responses.map((tokens) => tokens.length);
      this.#checkContext(prompt, encoded[index]!, Math.max(0, ...responseLengths));
      return { promptLength: encoded[index]!.tokens.length, responseLengths };
    });
    return planMicroBatches(sizes, passSizes(options, backend).microBatchTokens).map((parts) => ({
      parts,
      pass: {
        prompts: parts.map(({ group }) => encoded[group]!),
        responses: parts.map((part) => part.responses.map((index) => requests[part.group]!.responses[index]!)),
        temperature: context.trainingTemperature,
      },
    }));
  }

  async accumulateGradients({ groups, loss }: GradientRequest): Promise<GradientReport> {
    const { executor } = this.#parts;
    const size = miniBatchSize(groups.flatMap(({ rollouts }) => rollouts));
    const batches = await this.#microBatches(
      groups.map(({ prompt, rollouts }) => ({ prompt, responses: rollouts.map(({ tokens }) => tokens) })),
    );
    const reports = batches.map((): Map<string, tf.Scalar> => new Map());
    let total = 0;
    const metrics: Record<string, number> = {};
    try {
      await inOrder(
        executor.width,
        batches,
        async ({ pass, parts }, batch) => {
          const rows: number[] = [];
          const rollouts: CreditedRollout[] = [];
          forEachRow(parts, (group, response, row) => {
            rows.push(row);
            rollouts.push(groups[group]!.rollouts[response]!);
          });
          const into = this.#gradientRooms.pop() ?? executor.allocateGradient(this.#parameters.count());
          const objective = (logprobs: tf.Tensor2D): tf.Scalar => {
            const output = loss.compute(createLossInput(loss, rollouts, logprobs, size));
            for (const [name, scalar] of [[LOSS, output.loss] as const, ...Object.entries(output.metrics)]) {
              reports[batch]!.set(name, tf.keep(tf.clone(scalar)));
            }
            return output.loss;
          };
          const { gradientCheckpointing: checkpointed } = this.#parts.options;
          await executor.gradient(
            { ...pass, rows: Int32Array.from(rows), checkpointed },
            this.#parameters,
            objective,
            into,
          );
          return { gradient: into, shares: await readScalars(reports[batch]!) };
        },
        ({ gradient, shares }) => {
          this.#addGradient(gradient);
          for (const [name, share] of shares) {
            if (name === LOSS) total += share;
            else metrics[name] = (metrics[name] ?? 0) + share;
          }
        },
      );
    } finally {
      for (const report of reports) tf.dispose([...report.values()]);
    }
    return { loss: total, metrics };
  }

  /** Adds a micro-batch's gradient to the sum, and takes its room back. */
  #addGradient(gradient: Float32Array): void {
    const sum = this.#gradients;
    if (sum === undefined) {
      this.#gradients = gradient;
      return;
    }
    for (let index = 0; index < sum.length; index++) sum[index] = sum[index]! + gradient[index]!;
    this.#gradientRooms.push(gradient);
  }

  async step({ learningRate, maximumGradientNorm }: StepOptions): Promise<Required<StepReport>> {
    if (this.#gradients === undefined) throw new FoveaError("there is no gradient to step along");
    const gradients = this.#gradients;
    this.#gradients = undefined;
    try {
      const gradientNorm = globalNorm(gradients, this.#parameters.layouts);
      const exceeds = maximumGradientNorm !== undefined && gradientNorm > maximumGradientNorm;
      const scale = exceeds ? maximumGradientNorm / gradientNorm : 1;
      this.#optimiser.apply(this.#parameters, gradients, learningRate, scale);
      return { gradientNorm };
    } finally {
      this.#gradientRooms.push(gradients);
    }
  }

  /** Steps from now on with other coefficients; moments stay. */
  useOptimiser(options: AdamWOptions): void {
    this.#optimiser = this.#optimiser.withOptions(options);
  }

  /** The reference is the model the engine started from, read again when somebody asks for it, until it is refreshed. */
  async #referenceParameters(): Promise<Parameters> {
    if (this.#reference === undefined) {
      const { config, modelDirectory } = this.#parts;
      const weights = await readModelWeights(modelDirectory);
      this.#reference = Parameters.fromCheckpoint(config, weights, modelDirectory);
    }
    return this.#reference;
  }

  async refreshReference(): Promise<void> {
    this.#reference?.dispose();
    this.#reference = Parameters.copyOf(this.#parameters);
  }

  tokenTexts(tokens: Int32Array): readonly string[] {
    return this.#parts.tokenizer.tokenTexts(tokens);
  }

  promptLength(prompt: Prompt): number {
    return this.#encodeTokens(prompt).tokens.length;
  }

  async save(directory: string): Promise<void> {
    if (this.#gradients !== undefined) {
      throw new FoveaError("there are accumulated gradients that no step has applied; a checkpoint would lose them");
    }
    await writeEngineCheckpoint(directory, this.#parts.modelDirectory, {
      parameters: this.#parameters,
      optimiser: this.#optimiser,
      reference: this.#reference,
    });
  }

  async load(directory: string): Promise<void> {
    const state = await readEngineCheckpoint(directory, this.#parts.config, this.#parts.options.optimiser);
    this.#disposeState();
    this.#parameters = state.parameters;
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
    this.#gradients = undefined;
    this.#reference = undefined;
  }

  async dispose(): Promise<void> {
    this.#disposeState();
    await this.#parts.executor.release();
  }
}

/** Values of named scalars. Awaited, since a device such as WebGPU's cannot be read at once in Node. */
function readScalars(scalars: ReadonlyMap<string, tf.Scalar>): Promise<[name: string, value: number][]> {
  return Promise.all([...scalars].map(async ([name, scalar]) => [name, (await scalar.data())[0]!]));
}

/** Visits the responses of a micro-batch with their rows: sample g of the b-th of B parts is row g * B + b. */
function forEachRow(parts: readonly GroupPart[], visit: (group: number, response: number, row: number) => void): void {
  parts.forEach((part, place) => {
    part.responses.forEach((response, sample) => {
      visit(part.group, response, sample * parts.length + place);
    });
  });
}

function scoresOfDistributions(
  values: Float32Array,
  firstRow: number,
  tokens: Int32Array,
  vocabulary: number,
  options: ScoreOptions,
): TokenScores {
  const distributions = values.slice(firstRow * vocabulary, (firstRow + tokens.length) * vocabulary);
  const logprobs = Float32Array.from(tokens, (token, place) => distributions[place * vocabulary + token]!);
  const entropies = new Float32Array(tokens.length);
  for (let place = 0; place < tokens.length; place++) {
    let entropy = 0;
    for (let token = 0; token < vocabulary; token++) {
      const logprob = distributions[place * vocabulary + token]!;
      entropy -= Math.exp(logprob) * logprob;
    }
    entropies[place] = entropy;
  }
  return {
    logprobs,
    ...(options.entropies === true ? { entropies } : {}),
    ...(options.distributions === true ? { distributions } : {}),
  };
}
