import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Prompt } from "@fovea-rl/core";
import { policyOptionsSchema, readModelConfig, readTokenizer, TfjsPolicy } from "@fovea-rl/policy-tfjs";
import { composeExample, demonstration, digitsOptionsSchema, digitsTask, readHandwrittenDigits } from "@fovea-rl/tasks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkpointDirectory } from "../index.js";
import { checkpointFiles } from "../scripts/checkpoint-files.ts";

/** What transformers computes from the same files: scripts/check-with-transformers.py wrote it. */
interface Golden {
  readonly prompts: readonly {
    readonly index: number;
    readonly promptTokens: readonly number[];
    readonly responseTokens: readonly number[];
    readonly responseLogprobs: readonly number[];
    readonly greedyTokens: readonly number[];
    readonly greedyText: string;
  }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../fixtures/transformers.json", import.meta.url), "utf8"));
const data = readHandwrittenDigits();
const task = digitsTask(digitsOptionsSchema.parse({}), 1, data);
const heldOut = (count: number): Prompt[] =>
  Array.from({ length: count }, (_, index) => task.prompt("held-out", index) as Prompt);
const greedy = { temperature: 0, topP: 1, topK: 0, maximumTokens: 16 };

let policy: TfjsPolicy;
beforeAll(async () => {
  const options = policyOptionsSchema.parse({ model: checkpointDirectory });
  policy = await TfjsPolicy.create(options, { seed: 1, trainingTemperature: 1 });
});
afterAll(() => policy.dispose());

const sampleGreedily = (prompts: readonly Prompt[]) =>
  policy.sample({ prompts, samplesPerPrompt: 1, sampling: greedy, randomKey: { seed: 1, purpose: "test" } });

describe("the base policy", () => {
  it("is a small checkpoint whose files are the ones its script writes", () => {
    expect(statSync(join(checkpointDirectory, "model.safetensors")).size).toBeLessThan(4e6);
    for (const [name, content] of Object.entries(checkpointFiles)) {
      expect(readFileSync(join(checkpointDirectory, name), "utf8"), name).toBe(content);
    }
  });

  it("gives a prompt the tokens and its answer the log-probabilities that transformers gives them", async () => {
    const prompts = golden.prompts.map(({ index }) => task.prompt("held-out", index) as Prompt);
    const tokenizer = await readTokenizer(checkpointDirectory, await readModelConfig(checkpointDirectory));
    expect(prompts.map((prompt) => [...tokenizer.encodePrompt(prompt).tokens])).toEqual(
      golden.prompts.map(({ promptTokens }) => promptTokens),
    );
    const scores = await policy.score(
      golden.prompts.map(({ responseTokens }, place) => {
        return { prompt: prompts[place]!, responses: [Int32Array.from(responseTokens)] };
      }),
    );
    for (const [place, { responseLogprobs }] of golden.prompts.entries()) {
      const found = scores[place]![0]!.logprobs;
      expect(found).toHaveLength(responseLogprobs.length);
      for (const [token, expected] of responseLogprobs.entries()) {
        expect(Math.abs(found[token]! - expected)).toBeLessThan(1e-4);
      }
    }
  });

  it("answers greedily as it does in transformers", async () => {
    const groups = await sampleGreedily(golden.prompts.map(({ index }) => task.prompt("held-out", index) as Prompt));
    const answers = groups.map(({ rollouts: [rollout] }) => ({ tokens: [...rollout!.tokens], text: rollout!.text }));
    expect(answers).toEqual(
      golden.prompts.map(({ greedyTokens, greedyText }) => ({ tokens: greedyTokens, text: greedyText })),
    );
  });

  it("follows the format and is right about half of the time: there is something to learn, and something to learn from", async () => {
    const groups = await sampleGreedily(heldOut(300));
    const texts = groups.map(({ rollouts: [rollout] }) => rollout!.text);
    const isFormatted = (text: string): boolean => /^<think>\d,\d<\/think>\\boxed\{\d+\}$/.test(text);
    expect(texts.filter(isFormatted).length).toBeGreaterThan(285);
    const right = groups.filter(({ prompt }, place) =>
      texts[place]!.endsWith(`\\boxed{${prompt.referenceAnswer}}`),
    ).length;
    expect(right / 300).toBeGreaterThan(0.3);
    expect(right / 300).toBeLessThan(0.6);
  });
});

describe("its tokenizer", () => {
  it.each(["pair", "quad"] as const)("knows all that the digits task says at level %s", async (level) => {
    const tokenizer = await readTokenizer(checkpointDirectory, await readModelConfig(checkpointDirectory));
    const options = digitsOptionsSchema.parse({ level });
    const source = digitsTask(options, 1, data);
    const unknown = tokenizer.encode("<unk>")[0]!;
    for (let index = 0; index < 300; index++) {
      const prompt = source.prompt("held-out", index) as Prompt;
      expect(tokenizer.encodePrompt(prompt).tokens).not.toContain(unknown);
      const { scene, question } = composeExample(options, data.test, { seed: 0, purpose: "held-out", index });
      const tokens = tokenizer.encode(demonstration(scene, question));
      expect(tokenizer.decode(tokens)).toBe(demonstration(scene, question));
      expect(tokens).not.toContain(unknown);
    }
  });

  it("gives every prompt about a pair the same length, so that batches have no padding", () => {
    expect(new Set(heldOut(100).map((prompt) => policy.promptLength(prompt)))).toEqual(new Set([16]));
  });
});
