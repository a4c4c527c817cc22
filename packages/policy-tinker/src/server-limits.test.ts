import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PolicyContext } from "@fovea-rl/core";
import { type RunningServer, SERVER_DEFAULTS, startTinkerServer } from "@fovea-rl/tinker-server";
import { encode } from "fast-png";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { exampleGroups, exampleLoss, examplePrompt } from "../scripts/example-update.ts";
import { type ProxyRules, startRewritingProxy } from "../scripts/rewriting-proxy.ts";
import { policyOptionsSchema, TinkerPolicy } from "./index.ts";

// A real server behind a proxy that takes one ability away: what is left is what other servers are like.

let server: RunningServer;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "fovea-limits-"));
  server = await startTinkerServer({ ...SERVER_DEFAULTS, port: 0, baseDirectory: import.meta.dirname, directory });
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const endings: (() => Promise<void>)[] = [];
let warnings: string[] = [];
const listen = ({ message, name }: Error) => {
  if (name === "FoveaWarning") warnings.push(message);
};
beforeEach(() => {
  warnings = [];
  process.on("warning", listen);
});
afterEach(async () => {
  process.off("warning", listen);
  for (const end of endings.splice(0).reverse()) await end();
});

async function open(
  rules: ProxyRules,
  options: Record<string, unknown> = {},
  context: Partial<PolicyContext> = {},
): Promise<TinkerPolicy> {
  const proxy = await startRewritingProxy(server.url, rules);
  endings.push(() => proxy.close());
  const policy = await TinkerPolicy.create(policyOptionsSchema.parse({ server: { url: proxy.url }, ...options }), {
    seed: 1,
    trainingTemperature: 1,
    baseDirectory: import.meta.dirname,
    ...context,
  });
  endings.push(() => policy.dispose());
  // Warnings are events of their own.
  await new Promise((resolve) => setImmediate(resolve));
  return policy;
}

const named = z.object({ loss_fn: z.string() }).optional();
const passSchema = z.object({ forward_input: named, forward_backward_input: named }).optional();
/** An answer of the sampler; whatever else it says stays in it. */
const sampledSchema = z.looseObject({ sequences: z.array(z.looseObject({ logprobs: z.array(z.number()) })) });

/** The server as one of nobody's in particular: it declares nothing beyond the protocol. */
const undeclared: ProxyRules = {
  onAnswer(path, answer) {
    if (path !== "/get_server_capabilities") return undefined;
    const { fovea: _, ...rest } = z.looseObject({ fovea: z.unknown() }).parse(answer);
    return rest;
  },
};

const grey = encode({ width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(128), channels: 3, depth: 8 });
const GREY = Buffer.from(grey).toString("base64");

/** Every image is replaced by the same one: the tokens are there, what was shown is not. */
function blinded(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (key, value) => (key === "data" && typeof value === "string" ? GREY : value));
}

describe("a server that", () => {
  it("takes images and does not look at them is refused in a sentence", async () => {
    const rules: ProxyRules = { onRequest: (_, body) => (body === undefined ? undefined : { body: blinded(body) }) };
    await expect(open(rules)).rejects.toThrow(
      /^http:\/\/127\.0\.0\.1:\d+ accepts images and does not look at them: the same tokens are as probable behind two different images\. Serve the model with a backend that has its vision part, or use a text-only model's files$/,
    );
  });

  it("says that it takes no images is used without, and a prompt with one is refused before it is sent", async () => {
    const proxied: string[] = [];
    const policy = await open({
      onRequest(path, body) {
        proxied.push(path);
        const isImage = JSON.stringify(body ?? {}).includes('"image"');
        return isImage ? { answer: { status: 400, body: { detail: "images are not supported" } } } : undefined;
      },
    });
    expect(policy.capabilities.supported.has("images")).toBe(false);
    const before = proxied.length;
    await expect(exampleGroups(policy, 0)).rejects.toThrow(
      /^prompt "prompt-0" has images, which http.* does not take$/,
    );
    expect(proxied.slice(before)).toEqual([]);
  });

  it("lacks the clipped surrogate is warned about, and never asked for it", async () => {
    const losses: string[] = [];
    const policy = await open({
      onRequest(_, body) {
        const pass = passSchema.parse(body);
        const loss = (pass?.forward_input ?? pass?.forward_backward_input)?.loss_fn;
        if (loss !== undefined) losses.push(loss);
        return loss === "ppo" ? { answer: { status: 400, body: { detail: "unknown loss" } } } : undefined;
      },
    });
    expect(warnings).toEqual([
      expect.stringMatching(/^http.* has no "ppo" loss: every gradient takes a forward pass and a backward pass$/),
    ]);
    const asked = losses.length;
    await policy.accumulateGradients({ groups: await exampleGroups(policy, 0), loss: exampleLoss });
    expect(losses.slice(asked)).toEqual(["cross_entropy", "cross_entropy"]);
  });

  it("does not say that it honours optimiser settings is warned about, and not trusted to clip", async () => {
    const policy = await open(undeclared);
    expect(warnings).toEqual([
      expect.stringMatching(/does not say which optimiser settings it honours; SkyRL's torch/),
    ]);
    expect(policy.capabilities.supported.has("gradient-clipping")).toBe(false);
    await policy.accumulateGradients({ groups: await exampleGroups(policy, 0), loss: exampleLoss });
    await expect(policy.step({ learningRate: 1e-4, maximumGradientNorm: 1 })).rejects.toThrow(
      "is not known to clip gradients: set training.maximumGradientNorm to null, or the policy's option clipsGradients if it does",
    );
    await policy.step({ learningRate: 1e-4 });
    // Unless the user knows better.
    const trusted = await open(undeclared, { clipsGradients: true });
    expect(trusted.capabilities.supported.has("gradient-clipping")).toBe(true);
  });

  it("trains all weights where an adapter was asked for says so, and is heard", async () => {
    await open({}, { lora: { rank: 8 } });
    expect(warnings).toEqual([
      expect.stringMatching(
        /says of \/create_model: LoRA is not supported: rank 8 is ignored, all weights are trained$/,
      ),
    ]);
  });

  it("gives log-probabilities at another temperature is refused", async () => {
    await expect(open({}, {}, { trainingTemperature: 0.7 })).rejects.toThrow(
      /the configuration trains at temperature 0\.7, but http.* gives log-probabilities at temperature 1$/,
    );
    await expect(open(undeclared, {}, { trainingTemperature: 0.7 })).rejects.toThrow("at temperature 1");
  });

  it("does not offer the model is refused with what it offers", async () => {
    await expect(open({}, { baseModel: "Qwen/Qwen2.5-VL-7B-Instruct" })).rejects.toThrow(
      `does not offer the model "Qwen/Qwen2.5-VL-7B-Instruct"; it offers ${server.modelName}`,
    );
  });

  it("asks for payment ends the work, and is not asked again", async () => {
    let asked = 0;
    const policy = await open({
      onRequest(path) {
        if (path !== "/asample") return undefined;
        asked++;
        return { answer: { status: 402, body: { detail: "the credit is used up" } } };
      },
    });
    await expect(exampleGroups(policy, 0)).rejects.toThrow("the server asks for payment (402): the credit is used up");
    expect(asked).toBe(1);
  });
});

describe("a sampler that drifts from the trainer", () => {
  const DRIFT = 0.125;
  const drifting: ProxyRules = {
    onAnswer(_, answer) {
      const sampled = sampledSchema.safeParse(answer);
      if (!sampled.success) return undefined;
      const sequences = sampled.data.sequences.map(({ logprobs, ...sequence }) => ({
        ...sequence,
        logprobs: logprobs.map((logprob, place) => (place === 0 ? logprob - DRIFT : logprob)),
      }));
      return { ...sampled.data, sequences };
    },
  };
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

  it("is measured at each gradient of its own samples, and warned about beyond the threshold alone", async () => {
    const policy = await open(drifting, { driftThreshold: 0.1 });
    // One token each: the drift is that of the first token.
    const groups = await exampleGroups(policy, 0, { maximumTokens: 1 });
    const { metrics } = await policy.accumulateGradients({ groups, loss: exampleLoss });
    expect(metrics["engine/drift-mean"]).toBeCloseTo(DRIFT, 4);
    expect(metrics["engine/drift-maximum"]).toBeCloseTo(DRIFT, 4);
    await nextTurn();
    expect(warnings.at(-1)).toMatch(
      /^the sampler's and the trainer's log-probabilities of the same tokens differ by 0\.1250 on average \(at most 0\.1250\), above driftThreshold 0\.1; consider behaviourLogprobs: "trainer"$/,
    );
    // After a step the same samples are off-policy: what they differ by is learning, and no drift.
    await policy.step({ learningRate: 0.1 });
    warnings = [];
    const later = await policy.accumulateGradients({ groups, loss: exampleLoss });
    expect(later.metrics["engine/drift-mean"]).toBe(metrics["engine/drift-mean"]);
    await nextTurn();
    expect(warnings).toEqual([]);

    const patient = await open(drifting, { driftThreshold: 0.2 });
    warnings = [];
    await patient.accumulateGradients({
      groups: await exampleGroups(patient, 0, { maximumTokens: 1 }),
      loss: exampleLoss,
    });
    await nextTurn();
    expect(warnings).toEqual([]);
  });

  it("counts no longer where the trainer's log-probabilities are the behaviour policy's", async () => {
    const policy = await open(drifting, { behaviourLogprobs: "trainer", driftThreshold: 1 });
    const [group] = await exampleGroups(policy, 0);
    const [scores] = await policy.score([
      { prompt: examplePrompt(0), responses: group!.rollouts.map(({ tokens }) => tokens) },
    ]);
    group!.rollouts.forEach(({ behaviourLogprobs }, index) => {
      behaviourLogprobs.forEach((logprob, token) => {
        expect(logprob).toBeCloseTo(scores![index]!.logprobs[token]!, 5);
      });
    });
  });
});
