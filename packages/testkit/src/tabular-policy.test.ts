import { mkdtemp, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CreditedRollout,
  FoveaError,
  type GradedRollout,
  type Loss,
  type RolloutGroup,
  type SamplingOptions,
  withImages,
} from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import definition, { TabularPolicy } from "./tabular-policy.ts";
import { TabularTask } from "./tabular-task.ts";

const sampling: SamplingOptions = { temperature: 1, topP: 1, topK: 0, maximumTokens: 12 };
const randomKey = { seed: 1, purpose: "sample", step: 0 };
const task = new TabularTask({ trainPrompts: 0, heldOutPrompts: 8, imageSize: 8 }, 1);
const prompts = [0, 1, 2].map((index) => task.prompt("train", index));
const newPolicy = () => new TabularPolicy({ baseSeed: 0, optimiser: "sgd" }, 1);

/** Minus the mean over tokens of advantage times log-probability. */
const policyGradient: Loss = {
  columns: [],
  compute: ({ logprobs, advantages, mask, miniBatch }) => ({
    loss: tf.div(tf.neg(tf.sum(tf.mul(tf.mul(logprobs, advantages), mask))), miniBatch.tokens),
    metrics: {},
  }),
};

function credit(
  groups: readonly RolloutGroup<Omit<GradedRollout, "verdict">>[],
  advantage: (text: string) => number,
): RolloutGroup<CreditedRollout>[] {
  return groups.map(({ prompt, rollouts }) => ({
    prompt,
    rollouts: rollouts.map((rollout) => ({
      ...rollout,
      verdict: { reward: 0, components: {} },
      credit: { advantages: new Float32Array(rollout.tokens.length).fill(advantage(rollout.text)) },
    })),
  }));
}

describe("the tabular policy", () => {
  it("draws the same rollout whatever else is in the batch", async () => {
    const policy = newPolicy();
    const together = await policy.sample({ prompts, samplesPerPrompt: 4, sampling, randomKey });
    const alone = await policy.sample({ prompts: [prompts[1]!], samplesPerPrompt: 2, sampling, randomKey });
    expect(alone[0]!.rollouts).toEqual(together[1]!.rollouts.slice(0, 2));
    expect(new Set(together.flatMap(({ rollouts }) => rollouts.map(({ text }) => text))).size).toBeGreaterThan(1);
  });

  it("scores a sampled response with its behaviour log-probabilities and entropies", async () => {
    const policy = newPolicy();
    const [group] = await policy.sample({ prompts, samplesPerPrompt: 3, sampling, randomKey });
    const responses = group!.rollouts.map(({ tokens }) => tokens);
    const [scores] = await policy.score([{ prompt: group!.prompt, responses }], { entropies: true });
    group!.rollouts.forEach((rollout, index) => {
      rollout.behaviourLogprobs.forEach((logprob, t) => {
        expect(scores![index]!.logprobs[t]).toBeCloseTo(logprob, 5);
        expect(scores![index]!.entropies![t]).toBeCloseTo(rollout.entropies![t]!, 5);
      });
    });
  });

  it("sees the image: blackening it changes the probability of the digit and of nothing before", async () => {
    const policy = newPolicy();
    const prompt = prompts[0]!;
    const black = withImages(
      prompt,
      prompt.images.map((image) => ({ ...image, data: new Uint8Array(image.data.length) })),
    );
    const responses = [Int32Array.from([1, 4, 2, 0])];
    const [[seen], [unseen]] = (await policy.score([
      { prompt, responses },
      { prompt: black, responses },
    ])) as [[{ logprobs: Float32Array }], [{ logprobs: Float32Array }]];
    expect(seen.logprobs[1]).not.toBeCloseTo(unseen.logprobs[1]!, 4);
  });

  it("has the gradient that finite differences of the loss give", async () => {
    const rate = 1e-3;
    const groups = credit(await newPolicy().sample({ prompts, samplesPerPrompt: 4, sampling, randomKey }), (text) =>
      text.includes("2") ? 1 : -0.5,
    );
    const policy = newPolicy();
    const before = await policy.accumulateGradients({ groups, loss: policyGradient });
    const { gradientNorm } = await policy.step({ learningRate: rate });
    const after = await policy.accumulateGradients({ groups, loss: policyGradient });
    // A plain gradient step of rate h lowers the loss by h |g|^2 to first order.
    expect((before.loss - after.loss) / rate).toBeCloseTo(gradientNorm ** 2, 2);
  });

  it("adds up gradients until the step, and clips their norm", async () => {
    const groups = credit(await newPolicy().sample({ prompts, samplesPerPrompt: 2, sampling, randomKey }), () => 1);
    const once = newPolicy();
    await once.accumulateGradients({ groups, loss: policyGradient });
    const twice = newPolicy();
    await twice.accumulateGradients({ groups, loss: policyGradient });
    await twice.accumulateGradients({ groups, loss: policyGradient });
    const maximumGradientNorm = 1e-3;
    const single = await once.step({ learningRate: 0.1, maximumGradientNorm });
    const double = await twice.step({ learningRate: 0.1, maximumGradientNorm });
    expect(double.gradientNorm).toBeCloseTo(2 * single.gradientNorm, 5);
    const logprobs = async (policy: TabularPolicy) =>
      (await policy.score([{ prompt: prompts[0]!, responses: [Int32Array.from([1, 4, 2, 0])] }]))[0]![0]!.logprobs;
    expect(await logprobs(twice)).toEqual(await logprobs(once));
  });

  it("refuses to apply a gradient that is not finite", async () => {
    const policy = newPolicy();
    const fingerprint = await policy.fingerprint();
    const groups = credit(await policy.sample({ prompts, samplesPerPrompt: 1, sampling, randomKey }), () => Number.NaN);
    await policy.accumulateGradients({ groups, loss: policyGradient });
    await expect(policy.step({ learningRate: 0.1 })).rejects.toThrow(FoveaError);
    expect(await policy.fingerprint()).toBe(fingerprint);
  });

  it("restores what it saved, reference and optimiser included, and refuses a truncated file", async () => {
    const policy = new TabularPolicy({ baseSeed: 0, optimiser: "adam" }, 1);
    const groups = credit(await policy.sample({ prompts, samplesPerPrompt: 2, sampling, randomKey }), () => 1);
    const update = async (target: TabularPolicy) => {
      await target.accumulateGradients({ groups, loss: policyGradient });
      await target.step({ learningRate: 0.01 });
    };
    await update(policy);
    const directory = await mkdtemp(join(tmpdir(), "tabular-"));
    await policy.save(directory);
    const restored = await definition.create({ baseSeed: 5, optimiser: "adam" }, { seed: 3, trainingTemperature: 1 });
    await restored.load(directory);
    await update(policy);
    await update(restored as TabularPolicy);
    expect(await restored.fingerprint()).toBe(await policy.fingerprint());
    await truncate(join(directory, "tabular-policy.bin"), 100);
    await expect(restored.load(directory)).rejects.toThrow(/100 bytes/);
    expect(await restored.fingerprint()).toBe(await policy.fingerprint());
  });

  it("leaves no tensor behind", async () => {
    const policy = newPolicy();
    const before = tf.memory().numTensors;
    const groups = credit(await policy.sample({ prompts, samplesPerPrompt: 2, sampling, randomKey }), () => 1);
    await policy.accumulateGradients({ groups, loss: policyGradient });
    await policy.step({ learningRate: 0.1 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses a prompt longer than its context", async () => {
    const long = {
      ...prompts[0]!,
      messages: [{ role: "user" as const, content: [{ type: "text" as const, text: "a ".repeat(99) }] }],
    };
    await expect(newPolicy().sample({ prompts: [long], samplesPerPrompt: 1, sampling, randomKey })).rejects.toThrow(
      /context of 64/,
    );
  });
});
