import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, SERVER_DEFAULTS, startTinkerServer } from "@fovea-rl/tinker-server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exampleUpdate } from "../scripts/example-update.ts";
import { startRewritingProxy } from "../scripts/rewriting-proxy.ts";
import { policyOptionsSchema, TinkerPolicy } from "./index.ts";

const UPDATES = 2;
const HEARTBEAT = "/session_heartbeat";

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

function open(url: string): Promise<TinkerPolicy> {
  const retry = { firstMilliseconds: 5, longestMilliseconds: 20 };
  const options = policyOptionsSchema.parse({ server: { url }, retry });
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
  await whole.close();
  // Signs of life come by the clock, so that a slow machine has some between the others.
  const requests = whole.seen.filter((path) => path !== HEARTBEAT);
  // Enough places for every kind of request of an update to be one of them.
  expect(new Set(requests)).toEqual(
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
  const last = requests.indexOf("/get_info");
  for (let broken = 0; broken <= last; broken++) {
    // Every other time the server hears the request, and its answer is lost: it may have done what nobody knows of. The next attempt
    // and all that follows is answered by what ends the work at once, so that the test need not wait for a limit.
    const hears = broken % 2 === 1;
    let seen = 0;
    const proxy = await startRewritingProxy(server.url, {
      onRequest(path) {
        if (path === HEARTBEAT) return undefined;
        seen++;
        if (seen <= broken) return undefined;
        if (seen > broken + 1) return { answer: { status: 402, body: { detail: "this is the end" } } };
        return hears ? undefined : "break";
      },
      onAnswer(path) {
        if (path !== HEARTBEAT && seen > broken) throw new Error("the answer is lost");
      },
    });
    const checkpoints: string[] = [];
    await expect(trainOn(proxy.url, checkpoints), `broken at ${broken}`).rejects.toThrow(/this is the end/);
    await proxy.close();
    expect(await trainOn(server.url, checkpoints), `broken at request ${broken}, ${requests[broken]}`).toBe(expected);
  }
});

it("goes on to the same weights with a server that was started anew", async () => {
  const expected = await trainOn(server.url, []);
  const policy = await open(server.url);
  await exampleUpdate(policy, 0);
  const place = mkdtempSync(join(directory, "checkpoint-"));
  await policy.save(place);
  await server.close();
  // Nobody waits for the hour that an operation may take.
  const lost = policy.save(mkdtempSync(join(directory, "lost-")), { signal: AbortSignal.timeout(200) });
  await expect(lost).rejects.toThrow("/save_weights was ended before the server's result came");
  await policy.dispose();
  server = await startServer();
  expect(await trainOn(server.url, [place])).toBe(expected);
});
