import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Prompt, Rollout, Verifier } from "@fovea-rl/core";
import { describe, expect, it } from "vitest";
import judgeDefinition, { judgeVerifier } from "./judge.ts";
import { languageVerifier } from "./language.ts";
import { lengthVerifier } from "./length.ts";
import math from "./math.ts";
import { mathVerifier } from "./math-verifier.ts";
import { repeatedShare, repetitionVerifier } from "./repetition.ts";
import { batchMetrics, verifyBatch } from "./verify-batch.ts";
import { weightedVerifier } from "./weighted-verifier.ts";

const prompt = (referenceAnswer: string): Prompt => ({
  id: "p",
  messages: [{ role: "user", content: [{ type: "text", text: "How many?" }] }],
  images: [],
  referenceAnswer,
});
const rollout = (text: string, length = 4): Rollout => ({
  promptId: "p",
  sampleIndex: 0,
  tokens: new Int32Array(length),
  behaviourLogprobs: new Float32Array(length),
  text,
  finishReason: "stop",
});
const verdict = (verifier: Verifier, text: string, length?: number) =>
  verifier.verify(prompt("7"), rollout(text, length));

describe("presets", () => {
  it("vppo: accuracy of the last box only", async () => {
    const verifier = mathVerifier({ preset: "vppo" });
    expect(await verdict(verifier, "\\boxed{7}")).toMatchObject({ reward: 1, components: { accuracy: 1 } });
    expect(await verdict(verifier, "The answer is 7.")).toMatchObject({ reward: 0, reason: "no box" });
    expect(await verdict(verifier, "\\boxed{7} \\boxed{8}")).toMatchObject({ reward: 0 });
  });

  it("easyr1: 0.9 accuracy and 0.1 format", async () => {
    const verifier = mathVerifier({ preset: "easyr1" });
    expect((await verdict(verifier, "<think>a</think>\\boxed{7}")).reward).toBeCloseTo(1);
    expect((await verdict(verifier, "\\boxed{7}")).reward).toBeCloseTo(0.9);
    expect((await verdict(verifier, "<think>a</think>\\boxed{8}")).reward).toBeCloseTo(0.1);
  });

  it("dapo: plus or minus one, less what is too long", async () => {
    const verifier = mathVerifier({ preset: "dapo", overlong: { maximumLength: 100, bufferLength: 50 } });
    expect(await verdict(verifier, "\\boxed{7}", 50)).toMatchObject({
      reward: 1,
      components: { accuracy: 1, overlong: 0 },
    });
    expect(await verdict(verifier, "\\boxed{7}", 75)).toMatchObject({ reward: 0.5, components: { overlong: -0.5 } });
    expect(await verdict(verifier, "\\boxed{8}", 10)).toMatchObject({ reward: -1, components: { accuracy: 0 } });
  });

  it("give way to options, and refuse unknown ones", async () => {
    const parse = (given: unknown) => math.optionsSchema["~standard"].validate(given);
    const parsed = await parse({ preset: "vppo", extraction: { boxes: "joined" }, right: 2 });
    if (parsed.issues) throw new Error("refused");
    const verifier = await math.create(parsed.value, { seed: 1 });
    expect(await verdict(verifier, "\\boxed{7}")).toMatchObject({ reward: 2 });
    expect(await verdict(verifier, "The answer is 7.")).toMatchObject({ reward: 0 });
    expect((await parse({ preset: "vpo" })).issues).toBeDefined();
    expect((await parse({ extraction: { box: 1 } })).issues?.[0]?.message).toContain("box");
  });
});

describe("penalties", () => {
  it("length falls from 0 to -factor over the buffer", async () => {
    const verifier = lengthVerifier({ maximumLength: 100, bufferLength: 20, factor: 0.5 });
    expect((await verdict(verifier, "", 80)).reward).toBe(0);
    expect((await verdict(verifier, "", 90)).reward).toBe(-0.25);
    expect((await verdict(verifier, "", 500)).reward).toBe(-0.5);
  });

  it("repetition counts runs of words that were there before", async () => {
    const verifier = repetitionVerifier({ words: 3, allowed: 0.1, factor: 1 });
    expect((await verdict(verifier, "each of these words occurs only once")).reward).toBe(0);
    expect(repeatedShare("a b c a b c a b c", 3)).toBeCloseTo(1 - 3 / 7);
    expect((await verdict(verifier, "so wait ".repeat(200))).reward).toBeLessThan(-0.9);
  });

  it("language counts letters of scripts that are not allowed", async () => {
    const verifier = languageVerifier({ scripts: ["Latin", "Greek"], factor: 1 });
    expect((await verdict(verifier, "The angle α is 30°.")).reward).toBe(0);
    expect((await verdict(verifier, "ab 因为")).reward).toBe(-0.5);
  });
});

describe("composition", () => {
  it("sums weighted verdicts of sync and async verifiers", async () => {
    const late: Verifier = { name: "late", verify: async () => ({ reward: 1, components: { late: 1 } }) };
    const verifier = weightedVerifier([
      { verifier: mathVerifier(), weight: 0.8 },
      { verifier: late, weight: 0.2 },
    ]);
    expect(await verdict(verifier, "\\boxed{7}")).toMatchObject({
      reward: 1,
      components: { accuracy: 1, late: 1 },
      extracted: "7",
    });
  });

  it("grades batches in order, and averages every component", async () => {
    const items = ["\\boxed{7}", "\\boxed{8}", "7", "none"].map((text) => ({
      prompt: prompt("7"),
      rollout: rollout(text),
    }));
    const verdicts = await verifyBatch(mathVerifier({ preset: "easyr1" }), items, { concurrency: 2 });
    expect(verdicts.map(({ components }) => components["accuracy"])).toEqual([1, 0, 0, 0]);
    expect(batchMetrics(verdicts)).toEqual({ count: 4, reward: 0.225, components: { accuracy: 0.25, format: 0 } });
  });
});

describe("a judge", () => {
  it("scores, and is never waited for too long", async () => {
    const kind = judgeVerifier({ judge: async () => ({ score: 1 }) }, { timeoutMilliseconds: 1000 });
    expect(await verdict(kind, "seven")).toMatchObject({ reward: 1, components: { accuracy: 1, judgeFailed: 0 } });
    const silent = judgeVerifier({ judge: () => new Promise(() => {}) }, { timeoutMilliseconds: 5 });
    expect(await verdict(silent, "seven")).toMatchObject({ reward: 0, components: { judgeFailed: 1 } });
    const mad = judgeVerifier({ judge: async () => ({ score: 100 }) }, { timeoutMilliseconds: 1000 });
    expect(await verdict(mad, "seven")).toMatchObject({ reward: 0, components: { judgeFailed: 1 } });
  });

  it("behind HTTP is shown the question, the reference and the response without its thinking", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        asked.push(JSON.parse(body).messages[1].content);
        response.end(
          JSON.stringify({ choices: [{ message: { content: asked.length === 1 ? "CORRECT" : "well, hm" } }] }),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const parsed = await judgeDefinition.optionsSchema["~standard"].validate({
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    });
    if (parsed.issues) throw new Error("refused");
    const verifier = await judgeDefinition.create(parsed.value, { seed: 1 });
    expect(await verdict(verifier, "<think>x</think>seven")).toMatchObject({ reward: 1 });
    expect(JSON.parse(asked[0]!)).toEqual({ question: "How many?", reference: "7", response: "seven" });
    expect(await verdict(verifier, "seven")).toMatchObject({ reward: 0, components: { judgeFailed: 1 } });
    server.close();
    server.closeAllConnections();
    expect(await verdict(verifier, "seven")).toMatchObject({ reward: 0, components: { judgeFailed: 1 } });
  });
});
