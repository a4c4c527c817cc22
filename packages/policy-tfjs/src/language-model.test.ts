import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { startBackend } from "./backend.ts";
import { backendUnderTest } from "./backend-under-test.ts";
import { outputKernel, responseLogprobs, runPrefix } from "./language-model.ts";
import { type ModelConfig, readModelConfig } from "./model-config.ts";
import { openModelWeights } from "./model-weights.ts";
import { checkpointed, type RunSegment, recorded } from "./operations/checkpoint.ts";
import { disassembleParameter, parameterLayouts, parameterReader } from "./parameter-layout.ts";
import { readSafetensors, type TensorMap } from "./safetensors.ts";
import { TensorParameters } from "./tensor-parameters.ts";
import { createPrefixBatch, createResponseBatch, type ModelPrompt, type PrefixBatch } from "./token-batch.ts";

// A random SmolVLM with logits and gradients computed by transformers (fixtures/README.md).
const directory = join(import.meta.dirname, "../fixtures/smolvlm-a");
let config: ModelConfig;
let parameters: TensorParameters;
let golden: TensorMap;
let prompts: readonly ModelPrompt[];

function row(tensor: string, index: number): Float32Array {
  const { shape, data } = golden.get(tensor)!;
  const size = data.length / shape[0]!;
  return data.slice(index * size, (index + 1) * size);
}

beforeAll(async () => {
  await startBackend(backendUnderTest());
  config = await readModelConfig(directory);
  const weights = await openModelWeights(directory);
  const read = parameterReader(config, weights.tensors, directory);
  parameters = await TensorParameters.read(parameterLayouts(config), read);
  await weights.close();
  golden = (await readSafetensors(join(directory, "golden.safetensors"))).tensors;
  prompts = [0, 1].map((index) => ({
    tokens: Int32Array.from(row("input_ids", index)),
    pixelValues: [row("pixel_values", index)],
  }));
});

/** Prompt and response out of a golden sequence, cut at `place`. */
function cut(index: number, place: number, length?: number): { prompt: ModelPrompt; response: Int32Array } {
  const prompt = prompts[index]!;
  const end = length === undefined ? prompt.tokens.length : place + length;
  return {
    prompt: { ...prompt, tokens: prompt.tokens.slice(0, place) },
    response: prompt.tokens.slice(place, end),
  };
}

async function logprobsOf(
  groups: readonly { prompt: ModelPrompt; responses: readonly Int32Array[] }[],
): Promise<{ readonly values: Float32Array; readonly length: number }> {
  const prefix = createPrefixBatch(
    groups.map(({ prompt }) => prompt),
    config,
  );
  const batch = createResponseBatch(
    prefix,
    groups.map(({ responses }) => responses),
    config,
  );
  const logprobs = tf.tidy(() => responseLogprobs(prefix, batch, parameters, config, 1));
  return { values: (await logprobs.data()) as Float32Array, length: batch.length };
}

describe("the model's forward pass", () => {
  it("has transformers' logits within 2e-4", async () => {
    const batch = createPrefixBatch(prompts, config);
    const logits = tf.tidy(() =>
      tf.matMul(runPrefix(batch, parameters, config).hidden, outputKernel(parameters, config)),
    );
    const expected = golden.get("logits")!.data;
    const actual = await logits.data();
    const worst = expected.reduce((most, value, index) => Math.max(most, Math.abs(value - actual[index]!)), 0);
    expect(worst).toBeLessThan(2e-4);
  });

  it.each([26, 30, 37])(
    "has the same log-probabilities with a response behind a prefix of %i tokens",
    async (place) => {
      const groups = [0, 1].map((index) => {
        const { prompt, response } = cut(index, place);
        return { prompt, responses: [response] };
      });
      const { values, length } = await logprobsOf(groups);
      for (const index of [0, 1]) {
        const expected = row("next_token_logprobs", index).slice(place - 1);
        for (let token = 0; token < length; token++) {
          expect(values[index * length + token]).toBeCloseTo(expected[token]!, 4);
        }
      }
    },
  );

  it("scores responses alike whether they share a prefix or not, whatever stands beside them", async () => {
    // Prompts of different lengths, responses of different lengths, one group of three and one of two.
    const first = cut(0, 26, 9);
    const second = cut(1, 29, 6);
    const others = [Int32Array.of(5, 6, 7, 8), Int32Array.of(9)];
    const together = await logprobsOf([
      { prompt: first.prompt, responses: [first.response, ...others] },
      { prompt: second.prompt, responses: [second.response, others[0]!] },
    ]);
    const alone = async (prompt: ModelPrompt, response: Int32Array): Promise<Float32Array> =>
      (await logprobsOf([{ prompt, responses: [response] }])).values;
    const rows = [
      [first.prompt, first.response, 0],
      [second.prompt, second.response, 1],
      [first.prompt, others[0]!, 2],
      [second.prompt, others[0]!, 3],
      [first.prompt, others[1]!, 4],
    ] as const;
    for (const [prompt, response, place] of rows) {
      const expected = await alone(prompt, response);
      for (let token = 0; token < response.length; token++) {
        expect(together.values[place * together.length + token]).toBeCloseTo(expected[token]!, 4);
      }
    }
    for (const index of [0, 1]) {
      const { place, length } = index === 0 ? { place: 26, length: 9 } : { place: 29, length: 6 };
      const expected = row("next_token_logprobs", index).slice(place - 1, place - 1 + length);
      expected.forEach((value, token) => {
        expect(together.values[index * together.length + token]).toBeCloseTo(value, 4);
      });
    }
  });
});

/** Norm of the gradient of an objective in every tensor of the checkpoint. */
async function gradientTensors(objective: () => tf.Scalar): Promise<Map<string, Float32Array>> {
  const gradients = tf.tidy(() => tf.grads(objective)(parameters.list()));
  const tensors = new Map<string, Float32Array>();
  for (const [index, layout] of parameters.layouts.entries()) {
    const values = (await gradients[index]!.data()) as Float32Array;
    for (const source of layout.sources) tensors.set(source.name, disassembleParameter(layout, values, source));
  }
  tf.dispose(gradients);
  return tensors;
}

/** Gradients and the most memory that tensors took while they were computed. */
async function measuredGradients(
  run: RunSegment,
): Promise<{ gradients: Map<string, Float32Array>; peakBytes: number }> {
  const groups = [0, 1].map((index) => cut(index, 26));
  const prefix = createPrefixBatch(
    groups.map(({ prompt }) => prompt),
    config,
  );
  const responses = createResponseBatch(
    prefix,
    groups.map(({ response }) => [response, response.slice(0, 5)]),
    config,
  );
  let gradients = new Map<string, Float32Array>();
  const { peakBytes } = await tf.profile(async () => {
    gradients = await gradientTensors(() =>
      tf.sum(tf.exp(responseLogprobs(prefix, responses, parameters, config, 1, run))),
    );
    return tf.scalar(0);
  });
  return { gradients, peakBytes };
}

/** The sum of next-token log-probabilities from target `first` on, computed in one pass over whole sequences. */
function summedLogprobs(batch: PrefixBatch, first: number): tf.Scalar {
  const { hidden } = runPrefix(batch, parameters, config);
  const logprobs = tf.logSoftmax(tf.matMul(hidden, outputKernel(parameters, config)));
  const targets = [0, 1].flatMap((index) => [...prompts[index]!.tokens.slice(1), 0]);
  const mask = [0, 1].flatMap(() => Array.from({ length: 38 }, (_, place) => Number(place + 1 >= first && place < 37)));
  const oneHot = tf.cast(tf.oneHot(targets, config.text.vocabularySize), "float32");
  return tf.sum(tf.mul(tf.sum(tf.mul(logprobs, oneHot), -1), mask));
}

describe("the model's gradient", () => {
  it("has transformers' norm in every tensor within 0.1 %", async () => {
    const batch = createPrefixBatch(prompts, config);
    const gradients = await gradientTensors(() => summedLogprobs(batch, 1));
    const expected = JSON.parse(readFileSync(join(directory, "golden.json"), "utf8"))
      .gradient_norm_of_summed_next_token_logprob as Record<string, number>;
    expect([...gradients.keys()].sort()).toEqual(Object.keys(expected).sort());
    for (const [name, gradient] of gradients) {
      const norm = Math.hypot(...gradient);
      // Key biases shift all scores of a query alike: their gradient is zero but for rounding.
      if (name.endsWith("k_proj.bias")) expect(norm).toBeLessThan(1e-3);
      else expect(Math.abs(norm / expected[name]! - 1), name).toBeLessThan(1e-3);
    }
  });

  it("is the same when layers are run again for it, in less memory", async () => {
    const kept = await measuredGradients(recorded);
    const again = await measuredGradients(checkpointed);
    for (const [name, gradient] of again.gradients) {
      const reference = kept.gradients.get(name)!;
      const difference = Math.hypot(...gradient.map((value, index) => value - reference[index]!));
      const scale = name.endsWith("k_proj.bias") ? 1 : Math.hypot(...reference);
      expect(difference, name).toBeLessThan(1e-5 * scale);
    }
    expect(again.peakBytes).toBeLessThan(0.9 * kept.peakBytes);
  });

  it("is the same through a shared prefix as through whole sequences", async () => {
    const place = 26;
    const whole = createPrefixBatch(prompts, config);
    const expected = await gradientTensors(() => summedLogprobs(whole, place));
    const groups = [0, 1].map((index) => cut(index, place));
    const prefix = createPrefixBatch(
      groups.map(({ prompt }) => prompt),
      config,
    );
    // Each response twice at half weight: both rows of a group must reach the shared prefix.
    const responses = createResponseBatch(
      prefix,
      groups.map(({ response }) => [response, response]),
      config,
    );
    const actual = await gradientTensors(() =>
      tf.mul(tf.sum(responseLogprobs(prefix, responses, parameters, config, 1)), 0.5),
    );
    for (const [name, gradient] of actual) {
      const reference = expected.get(name)!;
      const scale = Math.hypot(...reference);
      const difference = Math.hypot(...gradient.map((value, index) => value - reference[index]!));
      expect(difference, name).toBeLessThan(name.endsWith("k_proj.bias") ? 1e-3 : 1e-4 * scale);
    }
  });
});
