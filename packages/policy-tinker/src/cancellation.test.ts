import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, SERVER_DEFAULTS, startTinkerServer } from "@fovea-rl/tinker-server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { exampleGroups, exampleLoss, examplePrompt, exampleUpdate } from "../scripts/example-update.ts";
import { type ProxyRules, type RewritingProxy, startRewritingProxy } from "../scripts/rewriting-proxy.ts";
import { TinkerConnection } from "./connection/tinker-connection.ts";
import { policyOptionsSchema, TinkerPolicy } from "./index.ts";

// Nothing below is answered unless it is cancelled: what did not end at once would run into the test's own limit.

let server: RunningServer;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "fovea-cancel-"));
  server = await startTinkerServer({ ...SERVER_DEFAULTS, port: 0, baseDirectory: import.meta.dirname, directory });
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

/** A policy behind a proxy, and what the proxy saw. */
async function openPolicy(rules: ProxyRules, options: Record<string, unknown> = {}) {
  const proxy = await startRewritingProxy(server.url, rules);
  const policy = await TinkerPolicy.create(policyOptionsSchema.parse({ server: { url: proxy.url }, ...options }), {
    seed: 1,
    trainingTemperature: 1,
    baseDirectory: import.meta.dirname,
  });
  endings.push(async () => {
    await policy.dispose();
    await proxy.close();
  });
  return { policy, proxy };
}

/** Aborts as soon as the proxy has seen a request to this path since the last call. */
async function abortAt(proxy: RewritingProxy, path: string, controller: AbortController): Promise<void> {
  const before = proxy.seen.length;
  while (!proxy.seen.slice(before).includes(path)) await new Promise((resolve) => setTimeout(resolve, 2));
  controller.abort();
}

const never = new Promise<never>(() => {});

/** Rules that hold every request to these paths, once `hold` is called. */
function holding(...paths: string[]) {
  let isHolding = false;
  const rules: ProxyRules = {
    onRequest: (path) => (isHolding && paths.includes(path) ? never : undefined),
  };
  return {
    rules,
    hold: () => {
      isHolding = true;
    },
    release: () => {
      isHolding = false;
    },
  };
}

describe("a cancelled operation ends at once", () => {
  it("while its result is polled for", async () => {
    const { rules, hold } = holding("/retrieve_future");
    const { policy, proxy } = await openPolicy(rules);
    hold();
    const controller = new AbortController();
    const sampled = policy.sample({
      prompts: [examplePrompt(0)],
      samplesPerPrompt: 1,
      sampling: { temperature: 1, topP: 1, topK: 0, maximumTokens: 2 },
      randomKey: { seed: 1, purpose: "sample" },
      signal: controller.signal,
    });
    void abortAt(proxy, "/retrieve_future", controller);
    await expect(sampled).rejects.toMatchObject({
      name: "FoveaError",
      isUnfinishedWork: true,
      message: "/save_weights_for_sampler was ended before the server's result came: it was cancelled",
    });
  });

  it("while it waits for its next attempt, however long the server asked it to", async () => {
    let isBusy = false;
    const busy = { status: 503, body: { detail: "busy" }, headers: { "retry-after": "100" } };
    const { policy, proxy } = await openPolicy({
      onRequest: (path) => (isBusy && path === "/forward" ? { answer: busy } : undefined),
    });
    const [group] = await exampleGroups(policy, 0);
    isBusy = true;
    const controller = new AbortController();
    const responses = group!.rollouts.map(({ tokens }) => tokens);
    const scored = policy.score([{ prompt: group!.prompt, responses }], { signal: controller.signal });
    void abortAt(proxy, "/forward", controller);
    await expect(scored).rejects.toThrow("/forward was ended before the server's result came: it was cancelled");
  });

  it("in the middle of an upload, whose connection ends too", async () => {
    let begin = (_request: IncomingMessage) => {};
    const begun = new Promise<IncomingMessage>((resolve) => {
      begin = resolve;
    });
    // It reads nothing of what is sent.
    const deaf = createServer((request) => begin(request));
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    endings.push(async () => {
      deaf.closeAllConnections();
      await new Promise((resolve) => deaf.close(resolve));
    });
    const url = new URL(`http://127.0.0.1:${(deaf.address() as AddressInfo).port}`);
    const connection = new TinkerConnection({ url, apiKey: undefined, exchangeSeconds: 600, operationSeconds: 600 });
    const controller = new AbortController();
    const body = { images: "A".repeat(64 * 2 ** 20) };
    const uploaded = connection.operation("/forward_backward", z.unknown(), body, { signal: controller.signal });
    void begun.then(() => controller.abort(new Error("no more of this")));
    await expect(uploaded).rejects.toThrow(
      "/forward_backward was ended before the server's result came: no more of this",
    );
    // What is left in the connection is read now: it is not the whole, and nothing follows.
    const request = await begun;
    const closed = new Promise((resolve) => request.once("close", resolve));
    request.on("error", () => {}).resume();
    await closed;
    expect(request.complete).toBe(false);
  });

  it("when a time limit passes, and says so", async () => {
    const { rules, hold } = holding("/asample");
    const { policy } = await openPolicy(rules);
    hold();
    const request = {
      prompts: [examplePrompt(0)],
      samplesPerPrompt: 1,
      sampling: { temperature: 1, topP: 1, topK: 0, maximumTokens: 2 },
      randomKey: { seed: 1, purpose: "sample" },
    };
    await expect(policy.sample({ ...request, signal: AbortSignal.timeout(50) })).rejects.toThrow(
      "/asample was ended before the server's result came: its time limit had passed",
    );
  });

  it("when the engine's own limit passes, with the last trouble", async () => {
    const proxy = await startRewritingProxy(server.url, { onRequest: () => "break" });
    endings.push(() => proxy.close());
    const backoff = { firstMilliseconds: 20, longestMilliseconds: 50 };
    const limits = { exchangeSeconds: 60, operationSeconds: 0.5, backoff };
    const connection = new TinkerConnection({ url: new URL(proxy.url), apiKey: undefined, ...limits });
    await expect(connection.operation("/asample", z.unknown(), {})).rejects.toThrow(
      /^\/asample was given up after 0.5 s; the last trouble was: /,
    );
    expect(connection.counts.resent).toBeGreaterThan(0);
  });

  it.each([
    ["/save_weights_for_sampler", (policy: TinkerPolicy, signal: AbortSignal) => policy.refreshReference({ signal })],
    ["/get_info", (policy: TinkerPolicy, signal: AbortSignal) => policy.fingerprint({ signal })],
  ])("that is asked for before the first update: %s", async (path, ask) => {
    const { rules, hold } = holding(path);
    const { policy, proxy } = await openPolicy(rules);
    hold();
    const controller = new AbortController();
    const asked = ask(policy, controller.signal);
    void abortAt(proxy, path, controller);
    await expect(asked).rejects.toThrow(`${path} was ended before the server's result came: it was cancelled`);
  });

  it("while the engine is being opened", async () => {
    const { rules, hold } = holding("/create_model");
    hold();
    const proxy = await startRewritingProxy(server.url, rules);
    endings.push(() => proxy.close());
    const controller = new AbortController();
    const opened = TinkerPolicy.create(policyOptionsSchema.parse({ server: { url: proxy.url } }), {
      seed: 1,
      trainingTemperature: 1,
      baseDirectory: import.meta.dirname,
      signal: controller.signal,
    });
    void abortAt(proxy, "/create_model", controller);
    await expect(opened).rejects.toThrow("/create_model was ended before the server's result came: it was cancelled");
  });
});

describe("a server that is not there", () => {
  it("is given up after openingSeconds, by its address and the option that holds it", async () => {
    const options = policyOptionsSchema.parse({
      server: { url: "http://127.0.0.1:9" },
      openingSeconds: 0.2,
      retry: { firstMilliseconds: 20, longestMilliseconds: 50 },
    });
    const context = { seed: 1, trainingTemperature: 1, baseDirectory: import.meta.dirname };
    await expect(TinkerPolicy.create(options, context)).rejects.toThrow(
      /^no server answers at http:\/\/127\.0\.0\.1:9 \(server\.url\): \/get_server_capabilities was given up after 0\.2 s/,
    );
  });
});

describe("after a cancellation", () => {
  it("of a gradient nothing is trained until a checkpoint is loaded, which is as if nothing had happened", async () => {
    // The server computes the gradient, and its answer never comes.
    let holds: "nothing" | "gradients" | "answers" = "nothing";
    const { policy, proxy } = await openPolicy({
      onRequest(path) {
        if (holds === "gradients" && path === "/forward_backward") holds = "answers";
        return holds === "answers" && path === "/retrieve_future" ? never : undefined;
      },
    });
    const place = mkdtempSync(join(directory, "checkpoint-"));
    await exampleUpdate(policy, 0);
    await policy.save(place);
    await exampleUpdate(policy, 1);
    const expected = await policy.fingerprint();
    await policy.load(place);

    const groups = await exampleGroups(policy, 1);
    holds = "gradients";
    const controller = new AbortController();
    const gradient = policy.accumulateGradients({ groups, loss: exampleLoss, signal: controller.signal });
    void abortAt(proxy, "/forward_backward", controller);
    await expect(gradient).rejects.toThrow("/forward_backward was ended");
    await expect(policy.accumulateGradients({ groups, loss: exampleLoss })).rejects.toThrow(
      /what the model holds on the server is not known since \/forward_backward was ended .* go on from a checkpoint/,
    );
    holds = "nothing";
    await policy.load(place);
    await exampleUpdate(policy, 1);
    expect(await policy.fingerprint()).toBe(expected);
  });

  it("of a pass without a gradient training goes on", async () => {
    const { rules, hold, release } = holding("/retrieve_future");
    const { policy, proxy } = await openPolicy(rules);
    const groups = await exampleGroups(policy, 0);
    hold();
    const controller = new AbortController();
    const requests = groups.map(({ prompt, rollouts }) => ({
      prompt,
      responses: rollouts.map(({ tokens }) => tokens),
    }));
    const scored = policy.score(requests, { signal: controller.signal });
    void abortAt(proxy, "/retrieve_future", controller);
    await expect(scored).rejects.toThrow("/forward was ended");
    release();
    await exampleUpdate(policy, 0);
    await expect(policy.score(requests, { signal: AbortSignal.abort() })).rejects.toThrow("it was cancelled");
    await exampleUpdate(policy, 1);
  });
});
