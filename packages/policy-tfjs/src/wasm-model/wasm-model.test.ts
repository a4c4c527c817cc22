import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type RandomKey, randomGenerator } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { startBackend } from "../backend.ts";
import { KernelExecutor } from "../kernel-executor.ts";
import { responseDistributions, responseLogprobs } from "../language-model.ts";
import { type ModelConfig, readModelConfig } from "../model-config.ts";
import { openModelWeights } from "../model-weights.ts";
import type { Objective } from "../objective.ts";
import { rearrangeRows } from "../operations/embedding.ts";
import { disassembleParameter, parameterLayouts, parameterReader } from "../parameter-layout.ts";
import type { GradientPass, ResponsePass } from "../passes.ts";
import { readSafetensors, type TensorMap } from "../safetensors.ts";
import { type SampledResponse, type SampleSettings, sampleResponses } from "../sample-responses.ts";
import { TensorParameters } from "../tensor-parameters.ts";
import { createPrefixBatch, createResponseBatch, type ModelPrompt } from "../token-batch.ts";
import type { KernelParameters } from "./kernel-parameters.ts";

// Models whose logits and gradients transformers computed: a vision-language model with random weights, and a pretrained language
// model whose output projection is its embedding (fixtures/README.md).
const fixtures = join(import.meta.dirname, "../../fixtures");

interface Model {
  readonly config: ModelConfig;
  /** For TensorFlow.js's operations. */
  readonly parameters: TensorParameters;
  /** The same for our kernels. */
  readonly weights: KernelParameters;
  readonly executor: KernelExecutor;
}
let vision: Model;
let text: Model;
let golden: TensorMap;

async function open(name: string): Promise<Model> {
  const directory = join(fixtures, name);
  const config = await readModelConfig(directory);
  const layouts = parameterLayouts(config);
  const file = await openModelWeights(directory);
  const read = parameterReader(config, file.tensors, directory);
  const executor = new KernelExecutor(1, config);
  const parameters = await TensorParameters.read(layouts, read);
  const weights = await executor.createParameters(read);
  await file.close();
  return { config, parameters, weights, executor };
}

beforeAll(async () => {
  await startBackend("wasm");
  vision = await open("smolvlm-a");
  text = await open("stories260k");
  golden = (await readSafetensors(join(fixtures, "smolvlm-a", "golden.safetensors"))).tensors;
});

function goldenRow(tensor: string, index: number): Float32Array {
  const { shape, data } = golden.get(tensor)!;
  const size = data.length / shape[0]!;
  return data.slice(index * size, (index + 1) * size);
}

/** A golden sequence cut into prompt and response. */
function cut(index: number, place: number, end?: number): { prompt: ModelPrompt; response: Int32Array } {
  const tokens = Int32Array.from(goldenRow("input_ids", index));
  return {
    prompt: { tokens: tokens.slice(0, place), pixelValues: [goldenRow("pixel_values", index)] },
    response: tokens.slice(place, end),
  };
}

/** Prompts and responses of many lengths, an empty response and one of a single token among them. */
function raggedPass(temperature: number): ResponsePass {
  const first = cut(0, 26, 35);
  const second = cut(1, 29, 35);
  const tokens = (...ids: number[]): Int32Array => Int32Array.from(ids);
  return {
    prompts: [first.prompt, second.prompt],
    responses: [
      [first.response, tokens(5, 6, 7, 8), tokens(9)],
      [tokens(), second.response],
    ],
    temperature,
  };
}

/** The same in TensorFlow.js's operations, `[N, T]` or `[N * T, vocabulary]`. Batches are made outside any tape. */
function reference(
  pass: ResponsePass,
  { config, parameters }: Pick<Model, "config" | "parameters">,
  distributions = false,
): () => tf.Tensor2D {
  const prefix = createPrefixBatch(pass.prompts, config);
  const responses = createResponseBatch(prefix, pass.responses, config);
  const compute = distributions ? responseDistributions : responseLogprobs;
  return () => compute(prefix, responses, parameters, config, pass.temperature);
}

/** Visits the tokens there are: row g * B + b. */
function forEachToken(pass: ResponsePass, length: number, visit: (place: number) => void): void {
  pass.responses.forEach((group, prompt) => {
    group.forEach((response, sample) => {
      for (const token of response.keys()) visit((sample * pass.prompts.length + prompt) * length + token);
    });
  });
}

describe("log-probabilities", () => {
  it.each([0, 1])("are transformers' within 1e-4 (sequence %i)", async (index) => {
    const { prompt, response } = cut(index, 26);
    const pass = { prompts: [prompt], responses: [[response]], temperature: 1, distributions: false };
    const { values } = await vision.executor.score(pass, vision.weights);
    const expected = goldenRow("next_token_logprobs", index).slice(25);
    response.forEach((_, place) => {
      expect(values[place]).toBeCloseTo(expected[place]!, 4);
    });
  });

  it("are those of TensorFlow.js's operations, for responses and prompts of any lengths", async () => {
    const pass = raggedPass(0.7);
    const { values, length } = await vision.executor.score({ ...pass, distributions: false }, vision.weights);
    const expected = await tf.tidy(reference(pass, vision)).data();
    let tokens = 0;
    forEachToken(pass, length, (place) => {
      tokens++;
      expect(values[place]).toBeCloseTo(expected[place]!, 4);
    });
    expect(tokens).toBe(9 + 4 + 1 + 6);
  });

  it("come as whole distributions too", async () => {
    const pass = raggedPass(1.3);
    const { values, length } = await vision.executor.score({ ...pass, distributions: true }, vision.weights);
    const expected = await tf.tidy(reference(pass, vision, true)).data();
    const { vocabularySize } = vision.config.text;
    forEachToken(pass, length, (place) => {
      for (let token = 0; token < vocabularySize; token++) {
        const index = place * vocabularySize + token;
        expect(Math.abs(values[index]! - expected[index]!)).toBeLessThan(1e-4);
      }
    });
  });

  it("are the same bits whatever stands beside a response", async () => {
    const pass = raggedPass(1);
    const { values, length } = await vision.executor.score({ ...pass, distributions: false }, vision.weights);
    for (const [prompt, group] of pass.responses.entries()) {
      for (const [sample, response] of group.entries()) {
        const only = {
          prompts: [pass.prompts[prompt]!],
          responses: [[response]],
          temperature: 1,
          distributions: false,
        };
        const alone = (await vision.executor.score(only, vision.weights)).values.subarray(0, response.length);
        const start = (sample * 2 + prompt) * length;
        expect([...values.subarray(start, start + response.length)]).toEqual([...alone]);
      }
    }
  });

  it("follow the weights when they are written over", async () => {
    const { executor, weights, parameters, config } = await open("stories260k");
    const pass = {
      prompts: [{ tokens: Int32Array.of(1, 403), pixelValues: [] }],
      responses: [[Int32Array.of(407, 261)]],
      temperature: 1,
      distributions: false,
    };
    const before = [...(await executor.score(pass, weights)).values];
    for (const { name } of parameters.layouts) {
      weights.write(
        name,
        weights.view(name).map((value) => Math.fround(1.01) * value),
      );
      parameters.replace(name, tf.mul(parameters.get(name), 1.01));
    }
    const after = [...(await executor.score(pass, weights)).values];
    expect(after).not.toEqual(before);
    const expected = await tf.tidy(reference(pass, { parameters, config })).data();
    after.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index]!, 4);
    });
    parameters.dispose();
  });
});

/** Gradients by the checkpoint's tensors. */
function byTensor({ layouts }: TensorParameters, values: readonly Float32Array[]): Map<string, Float32Array> {
  return new Map(
    layouts.flatMap((layout, index) =>
      layout.sources.map((source): [string, Float32Array] => [
        source.name,
        disassembleParameter(layout, values[index]!, source),
      ]),
    ),
  );
}

/** The gradient of a pass in our own kernels, an array for each parameter. */
async function differentiate(
  pass: GradientPass,
  { executor, weights, parameters }: Model,
  objective: Objective,
): Promise<Float32Array[]> {
  const gradient = await executor.gradient(pass, weights, objective);
  const values = await Promise.all(parameters.layouts.map(({ name }) => gradient.values(name)));
  gradient.dispose();
  return values;
}

function read(tensors: readonly tf.Tensor[]): Float32Array[] {
  const values = tensors.map((tensor) => tensor.dataSync() as Float32Array);
  tf.dispose([...tensors]);
  return values;
}

/** An objective that weighs every token differently. */
function weighted(logprobs: tf.Tensor2D): tf.Scalar {
  const [rows, length] = logprobs.shape;
  const weights = Float32Array.from({ length: rows * length }, (_, index) => Math.sin(1 + index));
  return tf.sum(tf.mul(tf.exp(logprobs), tf.tensor2d(weights, [rows, length])));
}

/** Tells of a row of the padded batch and a place in it whether the objective depends on the token there. */
type Carries = (row: number, place: number) => boolean;

/** Which entries of a padded batch are tokens that the objective depends on. */
function tokenMask(pass: ResponsePass, length: number, rows: Int32Array, carries: Carries): tf.Tensor2D {
  const mask = new Float32Array(rows.length * length);
  const placeOf = new Map([...rows].map((row, place) => [row, place]));
  forEachToken(pass, length, (place) => {
    const row = Math.floor(place / length);
    mask[placeOf.get(row)! * length + (place % length)] = Number(carries(row, place % length));
  });
  return tf.tensor2d(mask, [rows.length, length]);
}

/** Compares the two gradients of one pass, tensor by tensor. */
async function compareGradients(pass: ResponsePass, model: Model, carries: Carries = () => true): Promise<void> {
  const { parameters } = model;
  const samples = Math.max(...pass.responses.map((group) => group.length));
  const length = Math.max(...pass.responses.flat().map((tokens) => tokens.length));
  // Rows out of order, and without those that hold no response.
  const rows = Int32Array.from(
    pass.responses
      .flatMap((group, prompt) => group.map((_, sample) => sample * pass.prompts.length + prompt))
      .reverse(),
  );
  expect(rows.length).toBeLessThanOrEqual(samples * pass.prompts.length);
  const mask = tokenMask(pass, length, rows, carries);
  const objective = (logprobs: tf.Tensor2D): tf.Scalar => weighted(tf.mul(logprobs, mask));
  const actual = byTensor(parameters, await differentiate({ ...pass, rows }, model, objective));
  const logprobs = reference(pass, model);
  const expected = byTensor(
    parameters,
    read(tf.tidy(() => tf.grads(() => objective(rearrangeRows(logprobs(), rows)))(parameters.list()))),
  );
  mask.dispose();
  expect(actual.size).toBe(expected.size);
  for (const [name, gradient] of actual) {
    const other = expected.get(name)!;
    const scale = Math.hypot(...other);
    const difference = Math.hypot(...gradient.map((value, index) => value - other[index]!));
    // Key biases shift all scores of a query alike: their gradient is zero but for rounding.
    expect(difference, name).toBeLessThan(name.endsWith("k_proj.bias") ? 1e-3 : 1e-4 * scale);
  }
}

// Those of TensorFlow.js's operations are held to transformers' in language-model.test.ts.
describe("gradients", () => {
  it("are TensorFlow.js's for prompts and responses of any lengths, through the shared prefix and the images", async () => {
    await compareGradients(raggedPass(0.7), vision);
  });

  it("are TensorFlow.js's where the output projection is the embedding", async () => {
    const tokens = JSON.parse(readFileSync(join(fixtures, "stories260k", "expected.json"), "utf8"))
      .greedyTokens as number[];
    await compareGradients(
      {
        prompts: [tokens.slice(0, 5), tokens.slice(0, 17)].map((prompt) => ({
          tokens: Int32Array.from(prompt),
          pixelValues: [],
        })),
        responses: [
          [Int32Array.from(tokens.slice(5, 40)), Int32Array.of(3, 4)],
          [Int32Array.from(tokens.slice(17, 30))],
        ],
        temperature: 1,
      },
      text,
    );
  });

  // Tokens without a gradient are left out of the head and of the last layer, and what follows a response's last one of all layers.
  it.each<[string, Carries]>([
    ["every third token", (row, place) => (row + place) % 3 === 0],
    ["first tokens alone, which the prompt predicts", (_, place) => place === 0],
    ["all but the last tokens", (_, place) => place < 2],
    ["one response of one prompt", (row) => row === 3],
    ["one token", (row, place) => row === 0 && place === 1],
  ])("are TensorFlow.js's where the objective depends on %s", async (_, carries) => {
    await compareGradients(raggedPass(1), vision, carries);
  });

  it("are 0 where the objective depends on no token", async () => {
    const pass = { ...raggedPass(1), rows: Int32Array.of(0, 2, 4, 1, 3) };
    const gradients = await differentiate(pass, vision, (logprobs) => tf.sum(tf.mul(logprobs, 0)));
    for (const gradient of gradients) expect(gradient.every((value) => value === 0)).toBe(true);
  });

  it("are the same bits when computed again, and leave no tensor behind", async () => {
    const pass = { ...raggedPass(1), rows: Int32Array.of(0, 2, 4, 1, 3) };
    const run = (): Promise<Float32Array[]> => differentiate(pass, vision, weighted);
    const first = await run();
    const { numTensors } = tf.memory();
    expect(await run()).toEqual(first);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe("sampling", () => {
  const keys = (prompts: number, samples: number): RandomKey[][] =>
    Array.from({ length: prompts }, (_, prompt) =>
      Array.from({ length: samples }, (_, sample) => ({ seed: prompt, purpose: "sample", sampleIndex: sample })),
    );
  const sample = (
    { executor, weights }: Model,
    prompts: readonly ModelPrompt[],
    randomKeys: readonly (readonly RandomKey[])[],
    settings: SampleSettings,
  ): Promise<SampledResponse[][]> => executor.sample({ prompts, randomKeys, settings }, weights);

  it("reproduces the pretrained model's 121 greedy tokens and their log-probabilities within 1e-4", async () => {
    const expected = JSON.parse(readFileSync(join(fixtures, "stories260k", "expected.json"), "utf8")) as {
      readonly greedyTokens: readonly number[];
      readonly logprobsOfGreedyTokens1to63: readonly number[];
    };
    const [first, ...rest] = expected.greedyTokens;
    const [[response]] = (await sample(text, [{ tokens: Int32Array.of(first!), pixelValues: [] }], keys(1, 1), {
      sampling: { temperature: 0, topP: 1, topK: 0, maximumTokens: 120 },
      trainingTemperature: 1,
      stopTokenIds: new Set(),
    })) as [[SampledResponse]];
    expect([...response.tokens]).toEqual(rest);
    expected.logprobsOfGreedyTokens1to63.forEach((logprob, index) => {
      expect(Math.abs(response.logprobs[index]! - logprob)).toBeLessThan(1e-4);
    });
  });

  it("draws what TensorFlow.js's operations draw, with images, as rows finish and leave", async () => {
    const prompts = [cut(0, 26).prompt, cut(1, 29).prompt];
    const settings = {
      sampling: { temperature: 1, topP: 0.9, topK: 50, maximumTokens: 45 },
      trainingTemperature: 1.2,
      stopTokenIds: new Set([3, 17, 40]),
    };
    const actual = await sample(vision, prompts, keys(2, 5), settings);
    const expected = await sampleResponses(
      prompts,
      keys(2, 5).map((group) => group.map(randomGenerator)),
      vision.parameters,
      vision.config,
      settings,
    );
    expect(new Set(actual.flat().map(({ tokens }) => tokens.length)).size).toBeGreaterThan(3);
    actual.flat().forEach((response, index) => {
      const other = expected.flat()[index]!;
      expect([...response.tokens]).toEqual([...other.tokens]);
      expect(response.finishReason).toBe(other.finishReason);
      response.logprobs.forEach((logprob, place) => {
        expect(logprob).toBeCloseTo(other.logprobs[place]!, 4);
        expect(response.entropies[place]).toBeCloseTo(other.entropies[place]!, 3);
      });
    });
  });

  it("gives a response the same bits whatever else is in the batch", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 3, max: 511 }), { minLength: 1, maxLength: 12 }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.integer({ min: 1, max: 4 }),
        async (contents, samples) => {
          const prompts = contents.map((tokens) => ({ tokens: Int32Array.of(1, ...tokens), pixelValues: [] }));
          const settings = {
            sampling: { temperature: 1, topP: 1, topK: 0, maximumTokens: 36 },
            trainingTemperature: 1,
            stopTokenIds: new Set([426]),
          };
          const together = await sample(text, prompts, keys(prompts.length, samples), settings);
          const last = prompts.length - 1;
          const key = keys(prompts.length, samples)[last]![samples - 1]!;
          const [[alone]] = (await sample(text, [prompts[last]!], [[key]], settings)) as [[SampledResponse]];
          expect(together[last]![samples - 1]).toEqual(alone);
        },
      ),
      { numRuns: 10 },
    );
  });
});
