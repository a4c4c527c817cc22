import { readFileSync } from "node:fs";
import { join } from "node:path";
import { randomGenerator } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { startBackend } from "./backend.ts";
import { backendUnderTest } from "./backend-under-test.ts";
import { outputKernel, runPrefix } from "./language-model.ts";
import { type ModelConfig, readModelConfig } from "./model-config.ts";
import { openModelWeights } from "./model-weights.ts";
import { parameterLayouts, parameterReader } from "./parameter-layout.ts";
import { sampleResponses } from "./sample-responses.ts";
import { TensorParameters } from "./tensor-parameters.ts";
import { createPrefixBatch } from "./token-batch.ts";

// A really pretrained language model, with what transformers makes of it (fixtures/README.md).
const directory = join(import.meta.dirname, "../fixtures/stories260k");
const expected = JSON.parse(readFileSync(join(directory, "expected.json"), "utf8")) as {
  readonly greedyTokens: readonly number[];
  readonly logitsAtPosition63First16: readonly number[];
  readonly logprobsOfGreedyTokens1to63: readonly number[];
};
let config: ModelConfig;
let parameters: TensorParameters;

beforeAll(async () => {
  await startBackend(backendUnderTest());
  config = await readModelConfig(directory);
  const weights = await openModelWeights(directory);
  const read = parameterReader(config, weights.tensors, directory);
  parameters = await TensorParameters.read(parameterLayouts(config), read);
  await weights.close();
});

const greedy = {
  sampling: { temperature: 0, topP: 1, topK: 0, maximumTokens: 120 },
  trainingTemperature: 1,
  stopTokenIds: new Set<number>(),
};

describe("sampling from a pretrained model", () => {
  it("reproduces all 121 greedy tokens and their log-probabilities within 1e-4", async () => {
    const [first, ...rest] = expected.greedyTokens;
    const prompt = { tokens: Int32Array.of(first!), pixelValues: [] };
    const response = (
      await sampleResponses([prompt], [[randomGenerator({ seed: 0, purpose: "test" })]], parameters, config, greedy)
    )[0]![0]!;
    expect([...response.tokens]).toEqual(rest);
    expected.logprobsOfGreedyTokens1to63.forEach((logprob, index) => {
      expect(Math.abs(response.logprobs[index]! - logprob)).toBeLessThan(1e-4);
    });
  });

  it("has the pretrained model's logits", async () => {
    const batch = createPrefixBatch(
      [{ tokens: Int32Array.from(expected.greedyTokens.slice(0, 64)), pixelValues: [] }],
      config,
    );
    const logits = await tf
      .tidy(() => tf.matMul(runPrefix(batch, parameters, config).hidden, outputKernel(parameters, config)))
      .data();
    expected.logitsAtPosition63First16.forEach((logit, token) => {
      expect(Math.abs(logits[63 * config.text.vocabularySize + token]! - logit)).toBeLessThan(2e-4);
    });
  });

  it("gives a response that does not depend on what else is in the batch, as rows finish and leave", async () => {
    const prompts = [[1], [1, 403, 407], [1, 403, 407, 261, 378], [1, 310]].map((tokens) => ({
      tokens: Int32Array.from(tokens),
      pixelValues: [],
    }));
    const generators = () =>
      prompts.map((_, prompt) =>
        Array.from({ length: 5 }, (_, sample) =>
          randomGenerator({ seed: prompt, purpose: "sample", sampleIndex: sample }),
        ),
      );
    // A frequent token as the stop token, so that rows leave at very different times.
    const settings = {
      sampling: { temperature: 1, topP: 1, topK: 0, maximumTokens: 40 },
      trainingTemperature: 1,
      stopTokenIds: new Set([426]),
    };
    const together = await sampleResponses(prompts, generators(), parameters, config, settings);
    const lengths = new Set(together.flat().map(({ tokens }) => tokens.length));
    expect(lengths.size).toBeGreaterThan(4);
    for (const [index, prompt] of prompts.entries()) {
      for (const sample of [0, 3]) {
        const generator = generators()[index]![sample]!;
        const alone = (await sampleResponses([prompt], [[generator]], parameters, config, settings))[0]![0]!;
        const beside = together[index]![sample]!;
        expect([...beside.tokens]).toEqual([...alone.tokens]);
        expect(beside.finishReason).toBe(alone.finishReason);
        alone.logprobs.forEach((logprob, place) => {
          expect(beside.logprobs[place]).toBeCloseTo(logprob, 4);
        });
      }
    }
  });
});
