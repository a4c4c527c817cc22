import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Credit, CreditedRollout, Loss, Prompt, RolloutGroup } from "@fovea-rl/core";
import { randomGenerator } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startBackend } from "./backend.ts";
import { backendUnderTest } from "./backend-under-test.ts";
import policyDefinition, { policyOptionsSchema, TfjsPolicy } from "./index.ts";

const backendInUse = await startBackend(backendUnderTest());
const model = join(import.meta.dirname, "../fixtures/smolvlm-a");
const sampling = { temperature: 1, topP: 1, topK: 0, maximumTokens: 12 };
const context = { seed: 3, trainingTemperature: 1 };

function createPolicy(options: Record<string, unknown> = {}): Promise<TfjsPolicy> {
  return TfjsPolicy.create(policyOptionsSchema.parse({ model, backend: backendUnderTest(), ...options }), context);
}

function prompt(id: string, text: string): Prompt {
  const random = randomGenerator({ seed: 1, purpose: "image", promptId: id });
  const data = Uint8Array.from({ length: 32 * 32 * 3 }, () => random.integer(256));
  return {
    id,
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: `${text} ` },
          { type: "image", index: 0 },
          { type: "text", text: " t6" },
        ],
      },
    ],
    images: [{ width: 32, height: 32, data }],
    referenceAnswer: "",
  };
}

const prompts = [prompt("a", "t1 t9"), prompt("b", "t1 t20 t21 t22"), prompt("c", "t5")];

function sampleGroups(policy: TfjsPolicy, step = 0, samplesPerPrompt = 4) {
  return policy.sample({ prompts, samplesPerPrompt, sampling, randomKey: { seed: 3, purpose: "sample", step } });
}

/** A plain policy gradient with a token-mean, enough to train with. */
const policyGradient: Loss = {
  columns: [],
  compute({ logprobs, advantages, mask, miniBatch }) {
    const weighted = tf.mul(tf.mul(logprobs, advantages), mask);
    const loss = tf.mul(tf.sum(weighted), -1 / miniBatch.tokens) as tf.Scalar;
    return {
      loss,
      metrics: { "advantage/mean": tf.div(tf.sum(tf.mul(advantages, mask)), miniBatch.tokens) as tf.Scalar },
    };
  },
};

/** Credit that differs by rollout and token. */
function creditGroups(groups: Awaited<ReturnType<typeof sampleGroups>>): RolloutGroup<CreditedRollout>[] {
  return groups.map((group) => ({
    prompt: group.prompt,
    rollouts: group.rollouts.map((rollout) => {
      const credit: Credit = {
        advantages: Float32Array.from(rollout.tokens, (token) => Math.sin(token + rollout.sampleIndex)),
      };
      return { ...rollout, credit, verdict: { reward: 0, components: {} } };
    }),
  }));
}

let directory: string;
const policies: TfjsPolicy[] = [];
async function track(policy: Promise<TfjsPolicy>): Promise<TfjsPolicy> {
  policies.push(await policy);
  return policy;
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fovea-policy-"));
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
  for (const policy of policies.splice(0)) await policy.dispose();
});

describe("sampling and scoring", () => {
  it("score what was sampled with the same log-probabilities and entropies", async () => {
    const policy = await track(createPolicy());
    const groups = await sampleGroups(policy);
    const requests = groups.map((group) => ({
      prompt: group.prompt,
      responses: group.rollouts.map(({ tokens }) => tokens),
    }));
    const scores = await policy.score(requests);
    const detailed = await policy.score(requests, { entropies: true, distributions: true });
    groups.forEach((group, index) => {
      group.rollouts.forEach((rollout, sample) => {
        const { logprobs } = scores[index]![sample]!;
        const { entropies, distributions } = detailed[index]![sample]!;
        expect(logprobs).toHaveLength(rollout.tokens.length);
        rollout.tokens.forEach((token, place) => {
          expect(logprobs[place]).toBeCloseTo(rollout.behaviourLogprobs[place]!, 4);
          expect(entropies![place]).toBeCloseTo(rollout.entropies![place]!, 3);
          expect(distributions![place * 160 + token]).toBeCloseTo(logprobs[place]!, 4);
        });
      });
    });
  });

  it("are the same however the work is split", async () => {
    const whole = await sampleGroups(await track(createPolicy()));
    const split = await sampleGroups(await track(createPolicy({ samplingRows: 4, microBatchTokens: 60 })));
    whole.forEach((group, index) => {
      group.rollouts.forEach((rollout, sample) => {
        expect([...split[index]!.rollouts[sample]!.tokens]).toEqual([...rollout.tokens]);
      });
    });
  });

  it("draw anew at another step, and again the same at the same", async () => {
    const policy = await track(createPolicy());
    const [first, second, again] = [
      await sampleGroups(policy, 0),
      await sampleGroups(policy, 1),
      await sampleGroups(policy, 0),
    ];
    const tokens = (groups: typeof first) =>
      groups.flatMap(({ rollouts }) => rollouts.map((rollout) => [...rollout.tokens]));
    expect(tokens(again)).toEqual(tokens(first));
    expect(tokens(second)).not.toEqual(tokens(first));
  });

  it("refuse a prompt that does not fit the context, naming it", async () => {
    const policy = await track(createPolicy());
    const long = prompt("long", Array.from({ length: 240 }, (_, index) => `t${3 + (index % 100)}`).join(" "));
    const request = { prompts: [long], samplesPerPrompt: 1, sampling, randomKey: { seed: 0, purpose: "sample" } };
    await expect(policy.sample(request)).rejects.toThrow(/prompt "long" has \d+ tokens .* context holds 256/);
  });
});

describe("training", () => {
  it("does not depend on micro-batches beyond rounding", async () => {
    const results = [];
    for (const microBatchTokens of [8192, 150, 1]) {
      const policy = await track(createPolicy({ microBatchTokens }));
      const groups = creditGroups(await sampleGroups(policy));
      const report = await policy.accumulateGradients({ groups, loss: policyGradient });
      const { gradientNorm } = await policy.step({ learningRate: 1e-3 });
      results.push({ ...report, gradientNorm: gradientNorm! });
    }
    for (const result of results.slice(1)) {
      expect(result.loss).toBeCloseTo(results[0]!.loss, 5);
      expect(result.metrics["advantage/mean"]).toBeCloseTo(results[0]!.metrics["advantage/mean"]!, 5);
      expect(result.gradientNorm / results[0]!.gradientNorm).toBeCloseTo(1, 5);
    }
  });

  it("raises the log-probability of what has positive advantage", async () => {
    const policy = await track(createPolicy());
    const groups = creditGroups(await sampleGroups(policy)).map((group) => ({
      ...group,
      rollouts: group.rollouts.map((rollout) => ({
        ...rollout,
        credit: { advantages: new Float32Array(rollout.tokens.length).fill(rollout.sampleIndex === 0 ? 1 : 0) },
      })),
    }));
    const first = groups.map(({ prompt, rollouts }) => ({ prompt, responses: [rollouts[0]!.tokens] }));
    const total = async () =>
      (await policy.score(first)).flat().reduce((sum, { logprobs }) => sum + logprobs.reduce((a, b) => a + b, 0), 0);
    const before = await total();
    for (let step = 0; step < 3; step++) {
      await policy.accumulateGradients({ groups, loss: policyGradient });
      await policy.step({ learningRate: 1e-3, maximumGradientNorm: 1 });
    }
    expect(await total()).toBeGreaterThan(before + 1);
  });

  it("steps as PyTorch's AdamW does", async () => {
    // With one step from zero moments the update is -lr (g / (|g| + eps) + weight decay * w), whatever the gradient's size.
    const policy = await track(createPolicy());
    const before = await weightsOf(policy, "before");
    await policy.accumulateGradients({ groups: creditGroups(await sampleGroups(policy)), loss: policyGradient });
    await policy.step({ learningRate: 0.01 });
    const after = await weightsOf(policy, "after");
    const steps = after.map((value, index) => (value - before[index]! * (1 - 0.01 * 0.01)) / 0.01);
    expect(Math.max(...steps.map(Math.abs))).toBeLessThan(1.001);
    expect(steps.filter((step) => Math.abs(Math.abs(step) - 1) < 1e-2).length).toBeGreaterThan(steps.length / 2);
  });

  async function weightsOf(policy: TfjsPolicy, name: string): Promise<Float32Array> {
    const target = mkdtempSync(join(directory, name));
    await policy.save(target);
    const bytes = readFileSync(join(target, "model.safetensors"));
    const header = Number(bytes.readBigUInt64LE(0));
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset + 8 + header, bytes.byteOffset + bytes.length));
  }

  it("refuses a gradient that is not finite, and leaves the weights as they were", async () => {
    const policy = await track(createPolicy());
    const before = await policy.fingerprint();
    const broken: Loss = {
      columns: [],
      compute: ({ logprobs }) => ({ loss: tf.sum(tf.mul(logprobs, Number.NaN)) as tf.Scalar, metrics: {} }),
    };
    await policy.accumulateGradients({ groups: creditGroups(await sampleGroups(policy)), loss: broken });
    await expect(policy.step({ learningRate: 0.1 })).rejects.toThrow(/gradient is not finite.*not applied/);
    expect(await policy.fingerprint()).toBe(before);
  });

  it("passes an error of the loss on, and leaves nothing of the pass behind", async () => {
    const policy = await track(createPolicy());
    const groups = creditGroups(await sampleGroups(policy));
    const tensors = tf.memory().numTensors;
    const broken: Loss = {
      columns: [],
      compute: () => {
        throw new Error("this loss is broken");
      },
    };
    await expect(policy.accumulateGradients({ groups, loss: broken })).rejects.toThrow("this loss is broken");
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("adds nothing if one micro-batch of several fails, and leaves nothing behind", async () => {
    const [policy, other] = [createPolicy({ microBatchTokens: 120 }), createPolicy({ microBatchTokens: 120 })];
    const [disturbed, undisturbed] = [await track(policy), await track(other)];
    const groups = creditGroups(await sampleGroups(undisturbed));
    for (const each of [disturbed, undisturbed]) await each.accumulateGradients({ groups, loss: policyGradient });
    const tensors = tf.memory().numTensors;
    let calls = 0;
    const failing: Loss = {
      columns: [],
      compute: (input) => {
        calls++;
        if (calls === 2) throw new Error("this micro-batch is broken");
        return policyGradient.compute(input);
      },
    };
    await expect(disturbed.accumulateGradients({ groups, loss: failing })).rejects.toThrow("micro-batch is broken");
    expect(calls).toBe(2);
    expect(tf.memory().numTensors).toBe(tensors);
    for (const each of [disturbed, undisturbed]) await each.step({ learningRate: 1e-3 });
    expect(await disturbed.fingerprint()).toBe(await undisturbed.fingerprint());
  });

  it("keeps a reference policy until it is refreshed", async () => {
    const policy = await track(createPolicy());
    const groups = await sampleGroups(policy);
    const requests = groups.map((group) => ({
      prompt: group.prompt,
      responses: group.rollouts.map(({ tokens }) => tokens),
    }));
    await policy.accumulateGradients({ groups: creditGroups(groups), loss: policyGradient });
    await policy.step({ learningRate: 0.01 });
    const first = async (model: "current" | "reference") =>
      (await policy.score(requests, { model }))[0]![0]!.logprobs[0]!;
    expect(await first("reference")).toBeCloseTo(groups[0]!.rollouts[0]!.behaviourLogprobs[0]!, 4);
    expect(await first("current")).not.toBeCloseTo(await first("reference"), 3);
    await policy.refreshReference();
    expect(await first("reference")).toBe(await first("current"));
  });

  it("leaks no tensor over 100 steps", async () => {
    const policy = await track(createPolicy());
    const small = { ...sampling, maximumTokens: 4 };
    const once = async (step: number): Promise<void> => {
      const request = { prompts: prompts.slice(0, 1), samplesPerPrompt: 2, sampling: small };
      const groups = await policy.sample({ ...request, randomKey: { seed: 3, purpose: "sample", step } });
      await policy.score(
        groups.map(({ prompt, rollouts }) => ({ prompt, responses: rollouts.map(({ tokens }) => tokens) })),
      );
      await policy.accumulateGradients({ groups: creditGroups(groups), loss: policyGradient });
      await policy.step({ learningRate: 1e-4, maximumGradientNorm: 1 });
    };
    await once(0);
    const tensors = tf.memory().numTensors;
    for (let step = 1; step <= 100; step++) await once(step);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("frees everything when it is disposed", async () => {
    const tensors = tf.memory().numTensors;
    const policy = await createPolicy();
    await policy.refreshReference();
    await policy.accumulateGradients({ groups: creditGroups(await sampleGroups(policy)), loss: policyGradient });
    await policy.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("leaves a fork at work, however often it is disposed", async () => {
    const policy = await createPolicy();
    const fork = await track(Promise.resolve(policy.fork()));
    const before = await fork.fingerprint();
    await policy.dispose();
    await policy.dispose();
    const other = await track(createPolicy());
    await other.accumulateGradients({ groups: creditGroups(await sampleGroups(other)), loss: policyGradient });
    await other.step({ learningRate: 0.1 });
    expect(await fork.fingerprint()).toBe(before);
    expect((await sampleGroups(fork)).length).toBe(prompts.length);
  });
});

// The other backends drive one device, which several threads cannot share; that they refuse is tested with the pool.
const hasWorkers = backendInUse === "wasm" || backendInUse === "tensorflow";

describe.runIf(hasWorkers)("workers", () => {
  // Passes small enough that every batch has several.
  const split = { microBatchTokens: 120, samplingRows: 4 };

  async function trainTwice(options: Record<string, unknown>) {
    const policy = await track(createPolicy({ ...split, ...options }));
    const seen: unknown[] = [];
    for (const step of [0, 1]) {
      const groups = await sampleGroups(policy, step);
      const requests = groups.map(({ prompt, rollouts }) => ({
        prompt,
        responses: rollouts.map(({ tokens }) => tokens),
      }));
      seen.push(
        groups.map(({ rollouts }) => rollouts.map(({ tokens, behaviourLogprobs }) => [tokens, behaviourLogprobs])),
      );
      seen.push(
        await policy.score(requests, { entropies: true }),
        await policy.score(requests, { model: "reference" }),
      );
      seen.push(await policy.accumulateGradients({ groups: creditGroups(groups), loss: policyGradient }));
      seen.push(await policy.step({ learningRate: 1e-3, maximumGradientNorm: 1 }));
    }
    return { seen, fingerprint: await policy.fingerprint() };
  }

  it("give the same bits as one thread", async () => {
    const alone = await trainTwice({ workers: 1 });
    expect(await trainTwice({ workers: 2 })).toEqual(alone);
  });

  it("pass an error of the loss on, and go on afterwards", async () => {
    const policy = await track(createPolicy({ ...split, workers: 2 }));
    const groups = creditGroups(await sampleGroups(policy));
    const tensors = tf.memory().numTensors;
    const broken: Loss = {
      columns: [],
      compute: ({ logprobs }) => {
        tf.exp(logprobs);
        throw new Error("this loss is broken");
      },
    };
    await expect(policy.accumulateGradients({ groups, loss: broken })).rejects.toThrow("this loss is broken");
    expect(tf.memory().numTensors).toBe(tensors);
    const report = await policy.accumulateGradients({ groups, loss: policyGradient });
    expect(Number.isFinite(report.loss)).toBe(true);
  });
});

describe.runIf(backendInUse === "webgpu")("a loss that reads values at once", () => {
  it("is refused with the way out, since the device gives none", async () => {
    const policy = await track(createPolicy());
    const groups = creditGroups(await sampleGroups(policy));
    const impatient: Loss = {
      columns: [],
      compute: ({ logprobs }) => ({ loss: tf.scalar(tf.sum(logprobs).dataSync()[0]!), metrics: {} }),
    };
    await expect(policy.accumulateGradients({ groups, loss: impatient })).rejects.toThrow(
      /"webgpu".*dataSync.*data\(\)/,
    );
  });
});

describe("saving and loading", () => {
  async function train(policy: TfjsPolicy, steps: readonly number[]): Promise<void> {
    for (const step of steps) {
      await policy.accumulateGradients({
        groups: creditGroups(await sampleGroups(policy, step)),
        loss: policyGradient,
      });
      await policy.step({ learningRate: 1e-3, maximumGradientNorm: 1 });
    }
  }

  it("goes on bit for bit as if nothing had happened", async () => {
    const unbroken = await track(createPolicy());
    await train(unbroken, [0, 1]);
    await unbroken.save(directory);
    await train(unbroken, [2, 3]);
    const resumed = await track(createPolicy());
    await resumed.load(directory);
    await train(resumed, [2, 3]);
    expect(await resumed.fingerprint()).toBe(await unbroken.fingerprint());
  });

  it("goes on from before the first step", async () => {
    const unbroken = await track(createPolicy());
    await unbroken.save(directory);
    await train(unbroken, [0]);
    const resumed = await track(createPolicy());
    await train(resumed, [1]);
    await resumed.load(directory);
    await train(resumed, [0]);
    expect(await resumed.fingerprint()).toBe(await unbroken.fingerprint());
  });

  it("writes a checkpoint that is a model of its own", async () => {
    const policy = await track(createPolicy());
    await train(policy, [0]);
    await policy.save(directory);
    const opened = await track(createPolicy({ model: directory }));
    expect(await opened.fingerprint()).toBe(await policy.fingerprint());
    expect(readdirSync(directory)).toEqual(
      expect.arrayContaining(["config.json", "tokenizer.json", "model.safetensors"]),
    );
  });

  it.each(["model.safetensors", "optimiser.safetensors", "engine-state.json", "config.json"])(
    "refuses a truncated %s by its name, and keeps what it had",
    async (file) => {
      const policy = await track(createPolicy());
      await train(policy, [0]);
      await policy.save(directory);
      await train(policy, [1]);
      const before = await policy.fingerprint();
      const tensors = tf.memory().numTensors;
      truncateSync(join(directory, file), 100 > readFileSync(join(directory, file)).length ? 10 : 100);
      await expect(policy.load(directory)).rejects.toThrow(file);
      expect(await policy.fingerprint()).toBe(before);
      expect(tf.memory().numTensors).toBe(tensors);
    },
  );

  it("refuses the checkpoint of another model", async () => {
    const policy = await track(createPolicy());
    await policy.save(directory);
    const config = JSON.parse(readFileSync(join(directory, "config.json"), "utf8"));
    config.text_config.num_hidden_layers = 2;
    writeFileSync(join(directory, "config.json"), JSON.stringify(config));
    await expect(policy.load(directory)).rejects.toThrow(/another model.*"text"/);
  });
});

describe("the definition", () => {
  it("has defaults for every option, and names what is wrong", () => {
    const validated = policyDefinition.optionsSchema["~standard"].validate({});
    expect(validated).toMatchObject({ value: { backend: "wasm", optimiser: { weightDecay: 0.01 } } });
    expect(policyDefinition.optionsSchema["~standard"].validate({ backend: "cuda" })).toHaveProperty("issues");
  });

  it("refuses a second backend beside the one in use, and says what to do", async () => {
    // It is not installed, or clashes with the one in use.
    const backend = backendInUse === "wasm" ? "webgpu" : "wasm";
    await expect(createPolicy({ backend })).rejects.toThrow(new RegExp(`the backend "${backend}"`));
  });

  it("says where a model was looked for", async () => {
    await expect(createPolicy({ model: "./nowhere" })).rejects.toThrow(/no directory .*nowhere/);
    await expect(createPolicy({ model: "no-such-package" })).rejects.toThrow(
      /"no-such-package" is neither a directory .* nor an installed package/,
    );
  });
});
