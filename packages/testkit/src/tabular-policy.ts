import {
  type Capability,
  createLossInput,
  definePolicy,
  FoveaError,
  type GradientReport,
  type GradientRequest,
  miniBatchSize,
  type Policy,
  type Prompt,
  padRows,
  type Rollout,
  type RolloutGroup,
  type SampleRequest,
  type ScoreOptions,
  type ScoreRequest,
  type StepOptions,
  type StepReport,
  type TokenScores,
} from "@fovea-rl/core";
// Registers the gradients and the CPU backend.
import "@tensorflow/tfjs";
import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { quadrantIntensities } from "./quadrant-intensities.ts";
import { readTabularCheckpoint, type TabularCheckpoint, writeTabularCheckpoint } from "./tabular-checkpoint.ts";
import { tabularInitialWeights } from "./tabular-initial-weights.ts";
import { FEATURES, tabularFeatures, tabularLogprobs } from "./tabular-network.ts";
import { sampleTabular } from "./tabular-sampling.ts";
import { END_TOKEN, tabularVocabulary } from "./tabular-vocabulary.ts";

const V = tabularVocabulary.length;

const capabilities: readonly Capability[] = [
  "images",
  "custom-loss",
  "reference-policy",
  "entropies",
  "distributions",
  "gradient-clipping",
];

export const tabularPolicyOptions = z.strictObject({
  /** Seed of the base weights, kept apart from the run's so that runs of different seeds share a base. */
  baseSeed: z.int().default(0),
  optimiser: z.enum(["adam", "sgd"]).default("adam"),
});

export type TabularPolicyOptions = z.infer<typeof tabularPolicyOptions>;

/** A policy small enough for a unit test in which nothing is pretended. */
export class TabularPolicy implements Policy {
  readonly name = "tabular";
  readonly capabilities = { supported: new Set(capabilities), maximumContext: 64, vocabularySize: V };
  readonly #options: TabularPolicyOptions;
  readonly #temperature: number;
  #state: TabularCheckpoint;
  #gradient = new Float32Array(FEATURES * V);

  constructor(options: TabularPolicyOptions, trainingTemperature: number) {
    this.#options = options;
    this.#temperature = trainingTemperature;
    const weights = tabularInitialWeights(options.baseSeed);
    this.#state = {
      weights,
      reference: weights.slice(),
      firstMoment: new Float32Array(weights.length),
      secondMoment: new Float32Array(weights.length),
      steps: 0,
    };
  }

  async sample(request: SampleRequest): Promise<readonly RolloutGroup<Rollout>[]> {
    for (const prompt of request.prompts) {
      const needed = this.promptLength(prompt) + request.sampling.maximumTokens;
      if (needed > this.capabilities.maximumContext) {
        throw new FoveaError(
          `prompt "${prompt.id}" needs ${needed} tokens with its response, but the tabular policy has a context of ${this.capabilities.maximumContext}`,
        );
      }
    }
    return sampleTabular(request, this.#state.weights, this.#temperature);
  }

  async score(
    requests: readonly ScoreRequest[],
    options: ScoreOptions = {},
  ): Promise<readonly (readonly TokenScores[])[]> {
    const weights = options.model === "reference" ? this.#state.reference : this.#state.weights;
    return requests.map(({ prompt, responses }) =>
      responses.map((tokens) => {
        const distributions = tf.tidy(() =>
          tabularLogprobs(this.#features(prompt, tokens), tf.tensor2d(weights, [FEATURES, V]), this.#temperature)
            .dataSync<"float32">()
            .slice(),
        );
        const entropies = new Float32Array(tokens.length);
        distributions.forEach((logprob, index) => {
          entropies[Math.floor(index / V)]! -= Math.exp(logprob) * logprob;
        });
        return {
          logprobs: Float32Array.from(tokens, (token, position) => distributions[position * V + token]!),
          ...(options.entropies ? { entropies } : {}),
          ...(options.distributions ? { distributions } : {}),
        };
      }),
    );
  }

  async accumulateGradients({ groups, loss }: GradientRequest): Promise<GradientReport> {
    const rows = groups.flatMap((group) => group.rollouts.map((rollout) => ({ prompt: group.prompt, rollout })));
    const N = rows.length;
    const T = Math.max(...rows.map(({ rollout }) => rollout.tokens.length));
    const rollouts = rows.map(({ rollout }) => rollout);
    const report = tf.tidy(() => {
      const positions = rows.flatMap(({ prompt, rollout }) => {
        const intensities = quadrantIntensities(prompt);
        return Array.from({ length: T }, (_, t) => ({
          previous: t === 0 ? END_TOKEN : (rollout.tokens[t - 1] ?? END_TOKEN),
          intensities,
        }));
      });
      const features = tabularFeatures(
        positions.map(({ previous }) => previous),
        positions.map(({ intensities }) => intensities),
      );
      const tokens = padRows(
        rollouts.map((rollout) => rollout.tokens),
        T,
      );
      const targets = tf.oneHot(tf.cast(tf.reshape(tokens, [N * T]), "int32"), V);
      // Before the loss runs: a missing column is refused without any work done. Every engine builds its input so.
      const input = createLossInput(loss, rollouts, tokens, miniBatchSize(rollouts));
      let metrics: Readonly<Record<string, number>> = {};
      const objective = (weights: tf.Tensor): tf.Scalar => {
        const all = tabularLogprobs(features, weights as tf.Tensor2D, this.#temperature);
        const logprobs = tf.reshape(tf.sum(tf.mul(all, targets), -1), [N, T]) as tf.Tensor2D;
        const output = loss.compute({ ...input, logprobs });
        metrics = Object.fromEntries(
          Object.entries(output.metrics).map(([name, value]) => [name, value.dataSync()[0]!]),
        );
        return output.loss;
      };
      const { value, grad } = tf.valueAndGrad(objective)(tf.tensor2d(this.#state.weights, [FEATURES, V]));
      grad.dataSync<"float32">().forEach((entry, index) => {
        this.#gradient[index]! += entry;
      });
      return { loss: value.dataSync()[0]!, metrics };
    });
    return report;
  }

  async step({ learningRate, maximumGradientNorm }: StepOptions): Promise<Required<StepReport>> {
    const gradient = this.#gradient;
    this.#gradient = new Float32Array(gradient.length);
    const gradientNorm = Math.hypot(...gradient);
    if (!Number.isFinite(gradientNorm)) {
      throw new FoveaError(`the gradient norm is ${gradientNorm}: the step was not applied`);
    }
    const scale =
      maximumGradientNorm !== undefined && gradientNorm > maximumGradientNorm ? maximumGradientNorm / gradientNorm : 1;
    const { weights, firstMoment, secondMoment } = this.#state;
    const steps = this.#state.steps + 1;
    gradient.forEach((raw, index) => {
      const entry = raw * scale;
      if (this.#options.optimiser === "sgd") {
        weights[index]! -= learningRate * entry;
        return;
      }
      // Adam (Kingma and Ba 2015, algorithm 1).
      firstMoment[index] = 0.9 * firstMoment[index]! + 0.1 * entry;
      secondMoment[index] = 0.999 * secondMoment[index]! + 0.001 * entry * entry;
      const first = firstMoment[index]! / (1 - 0.9 ** steps);
      const second = secondMoment[index]! / (1 - 0.999 ** steps);
      weights[index]! -= (learningRate * first) / (Math.sqrt(second) + 1e-8);
    });
    this.#state = { ...this.#state, steps };
    return { gradientNorm };
  }

  async refreshReference(): Promise<void> {
    this.#state = { ...this.#state, reference: this.#state.weights.slice() };
  }

  tokenTexts(tokens: Int32Array): readonly string[] {
    return Array.from(tokens, (token) => tabularVocabulary[token] ?? `<${token}>`);
  }

  promptLength(prompt: Prompt): number {
    const words = prompt.messages
      .flatMap(({ content }) => content)
      .map((part) => (part.type === "text" ? part.text.split(/\s+/).filter(Boolean).length : 4));
    return words.reduce((sum, count) => sum + count, 0);
  }

  save(directory: string): Promise<void> {
    return writeTabularCheckpoint(directory, this.#state);
  }

  async load(directory: string): Promise<void> {
    this.#state = await readTabularCheckpoint(directory, FEATURES * V);
    this.#gradient = new Float32Array(FEATURES * V);
  }

  async fingerprint(): Promise<string> {
    const { buffer, byteOffset, byteLength } = this.#state.weights;
    return createHash("sha256")
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest("hex");
  }

  describe(): Readonly<Record<string, string | number | boolean>> {
    return { backend: "cpu", parameters: FEATURES * V, optimiser: this.#options.optimiser };
  }

  async dispose(): Promise<void> {}

  #features(prompt: Prompt, tokens: Int32Array): tf.Tensor2D {
    const intensities = quadrantIntensities(prompt);
    const previous = [END_TOKEN, ...tokens].slice(0, tokens.length);
    return tabularFeatures(
      previous,
      previous.map(() => intensities),
    );
  }
}

export default definePolicy({
  name: "tabular",
  optionsSchema: tabularPolicyOptions,
  async create(options: TabularPolicyOptions, { trainingTemperature }) {
    // Keeps the CPU backend from recommending another one on every run.
    tf.enableProdMode();
    await tf.setBackend("cpu");
    return new TabularPolicy(options, trainingTemperature);
  },
});
