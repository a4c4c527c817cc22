import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, SERVER_DEFAULTS, startTinkerServer } from "@fovea-rl/tinker-server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exampleUpdate } from "../scripts/example-update.ts";
import { startRewritingProxy } from "../scripts/rewriting-proxy.ts";
import { policyOptionsSchema, TinkerPolicy } from "./index.ts";

const UPDATES = 2;

let server: RunningServer;
let directory: string;
const startServer = () =>
  startTinkerServer({ ...SERVER_DEFAULTS, port: 0, baseDirectory: import.meta.dirname, directory });
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "fovea-broken-"));
  server = await startServer();
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

function open(url: string, limits: Record<string, unknown> = {}): Promise<TinkerPolicy> {
  const retry = { firstMilliseconds: 5, longestMilliseconds: 20 };
  const options = policyOptionsSchema.parse({ server: { url }, retry, ...limits });
  return TinkerPolicy.create(options, { seed: 1, trainingTemperature: 1, baseDirectory: import.meta.dirname });
}

/** Updates from the newest checkpoint on, each of them saved; what was reached is in `checkpoints`. */
async function trainOn(url: string, checkpoints: string[]): Promise<string> {
  const policy = await open(url);
  try {
    const last = checkpoints.at(-1);
    if (last !== undefined) await policy.load(last);
    while (checkpoints.length < UPDATES) {
      await exampleUpdate(policy, checkpoints.length);
      const place = mkdtempSync(join(directory, "checkpoint-"));
      await policy.save(place);
      checkpoints.push(place);
    }
    return await policy.fingerprint();
  } finally {
    await policy.dispose();
  }
}

it("goes on to the same weights wherever the connection breaks for good", { timeout: 240_000 }, async () => {
  const whole = await startRewritingProxy(server.url, {});
  const expected = await trainOn(whole.url, []);
  const requests = whole.seen.length;
  await whole.close();
  // Enough places for every kind of request of an update to be one of them.
  expect(new Set(whole.seen)).toEqual(
    new Set([
      "/get_server_capabilities",
      "/create_session",
      "/create_model",
      "/retrieve_future",
      "/forward",
      "/forward_backward",
      "/optim_step",
      "/save_weights",
      "/save_weights_for_sampler",
      "/asample",
      "/get_info",
      "/unload_model",
    ]),
  );
  // The courtesy at the end may be lost without anyone noticing.
  const last = whole.seen.indexOf("/get_info");
  expect(last).toBeLessThan(requests);
  for (let broken = 0; broken <= last; broken++) {
    // Every other time the server hears the request, and its answer is lost: it may have done what nobody knows of. The next attempt
    // and all that follows is answered by what ends the work at once, so that the test need not wait for a limit.
    const hears = broken % 2 === 1;
    let seen = 0;
    const proxy = await startRewritingProxy(server.url, {
      onRequest() {
        seen++;
        if (seen <= broken) return undefined;
        if (seen > broken + 1) return { answer: { status: 402, body: { detail: "this is the end" } } };
        return hears ? undefined : "break";
      },
      onAnswer() {
        if (seen > broken) throw new Error("the answer is lost");
      },
    });
    const checkpoints: string[] = [];
    await expect(trainOn(proxy.url, checkpoints), `broken at ${broken}`).rejects.toThrow(/this is the end/);
    await proxy.close();
    expect(await trainOn(server.url, checkpoints), `broken at request ${broken}, ${whole.seen[broken]}`).toBe(expected);
  }
});

it("goes on to the same weights with a server that was started anew", async () => {
  const expected = await trainOn(server.url, []);
  const policy = await open(server.url, { operationSeconds: 1.5 });
  await exampleUpdate(policy, 0);
  const place = mkdtempSync(join(directory, "checkpoint-"));
  await policy.save(place);
  await server.close();
  await expect(exampleUpdate(policy, 1)).rejects.toThrow("given up after");
  await policy.dispose();
  server = await startServer();
  expect(await trainOn(server.url, [place])).toBe(expected);
});
