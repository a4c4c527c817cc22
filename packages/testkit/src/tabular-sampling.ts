import {
  type Rollout,
  type RolloutGroup,
  randomGenerator,
  type SampleRequest,
  type SamplingOptions,
} from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { quadrantIntensities } from "./quadrant-intensities.ts";
import { FEATURES, tabularFeatures, tabularLogprobs } from "./tabular-network.ts";
import { END_TOKEN, tabularText, tabularVocabulary } from "./tabular-vocabulary.ts";

const V = tabularVocabulary.length;

/** The token that a uniform draw picks from logits under temperature, top-k and top-p; the most probable at temperature 0. */
function drawToken(logits: readonly number[], sampling: SamplingOptions, draw: number): number {
  const ranked = logits
    .map((logit, token) => ({ logit, token }))
    .sort((a, b) => b.logit - a.logit || a.token - b.token);
  if (sampling.temperature === 0) return ranked[0]!.token;
  const allowed = sampling.topK > 0 ? ranked.slice(0, sampling.topK) : ranked;
  const weights = allowed.map(({ logit }) => Math.exp((logit - ranked[0]!.logit) / sampling.temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let kept = 0;
  let mass = 0;
  while (kept < weights.length && (kept === 0 || mass < sampling.topP * total)) mass += weights[kept++]!;
  let remaining = draw * mass;
  for (let index = 0; index < kept - 1; index++) {
    remaining -= weights[index]!;
    if (remaining < 0) return allowed[index]!.token;
  }
  return allowed[kept - 1]!.token;
}

/** Draws G responses to each prompt, all rows one token at a time. */
export function sampleTabular(
  request: SampleRequest,
  weights: Float32Array,
  trainingTemperature: number,
): readonly RolloutGroup<Rollout>[] {
  const { prompts, samplesPerPrompt, sampling, randomKey } = request;
  const rows = prompts.flatMap((prompt) =>
    Array.from({ length: samplesPerPrompt }, (_, sampleIndex) => ({
      promptId: prompt.id,
      sampleIndex,
      intensities: quadrantIntensities(prompt),
      random: randomGenerator({ ...randomKey, promptId: prompt.id, sampleIndex }),
      tokens: [] as number[],
      logprobs: [] as number[],
      entropies: [] as number[],
      stopped: false,
    })),
  );
  for (let position = 0; position < sampling.maximumTokens; position++) {
    const active = rows.filter(({ stopped }) => !stopped);
    if (active.length === 0) break;
    const logprobs = tf.tidy(() =>
      tabularLogprobs(
        tabularFeatures(
          active.map(({ tokens }) => tokens.at(-1) ?? END_TOKEN),
          active.map(({ intensities }) => intensities),
        ),
        tf.tensor2d(weights, [FEATURES, V]),
        trainingTemperature,
      ).dataSync(),
    );
    active.forEach((row, index) => {
      const distribution = Array.from(logprobs.subarray(index * V, (index + 1) * V));
      // Log-probabilities are logits / trainingTemperature up to a constant, which drops out of the draw.
      const logits = distribution.map((logprob) => logprob * trainingTemperature);
      const token = drawToken(logits, sampling, row.random.uniform());
      row.tokens.push(token);
      row.logprobs.push(distribution[token]!);
      row.entropies.push(-distribution.reduce((sum, logprob) => sum + Math.exp(logprob) * logprob, 0));
      row.stopped = token === END_TOKEN;
    });
  }
  const rollouts = rows.map((row): Rollout => {
    const tokens = Int32Array.from(row.tokens);
    return {
      promptId: row.promptId,
      sampleIndex: row.sampleIndex,
      tokens,
      behaviourLogprobs: Float32Array.from(row.logprobs),
      entropies: Float32Array.from(row.entropies),
      text: tabularText(tokens),
      finishReason: row.stopped ? "stop" : "length",
    };
  });
  return prompts.map((prompt, index) => ({
    prompt,
    rollouts: rollouts.slice(index * samplesPerPrompt, (index + 1) * samplesPerPrompt),
  }));
}
