// The longest time that a sign of life waits while forward_backward of the digits model computes: see docs/remote-engine.md.
//   node --conditions=@fovea-rl/source packages/tinker-server/scripts/poll-latency.ts [workers ...]
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import {
  acceptedSchema,
  createSessionResultSchema,
  failedSchema,
  forwardResultSchema,
  modelCreatedSchema,
  optimStepResultSchema,
} from "@fovea-rl/tinker-protocol";
import { encode } from "fast-png";
import type { z } from "zod";
import { SERVER_DEFAULTS, startTinkerServer } from "../src/index.ts";

const IMAGE_TOKENS = 4;
const PROMPTS = 32;
const RESPONSES = 8;
const RESPONSE_TOKENS = 24;

/** Asks from a thread of its own every 5 ms, so that what is measured is the server's silence and not the client's. */
const PROBE = `
  const { parentPort, workerData } = require("node:worker_threads");
  let longest = 0, asked = 0, running = true;
  parentPort.on("message", () => { running = false; });
  (async () => {
    while (running) {
      const began = performance.now();
      await (await fetch(workerData + "/api/v1/healthz")).arrayBuffer();
      longest = Math.max(longest, performance.now() - began);
      asked++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    parentPort.postMessage({ longest, asked });
    parentPort.close();
  })();`;

function datum(prompt: number, response: number) {
  const data = encode({ width: 40, height: 40, data: new Uint8Array(4800).fill(prompt), channels: 3, depth: 8 });
  const image = {
    type: "image",
    format: "png",
    data: Buffer.from(data).toString("base64"),
    expected_tokens: IMAGE_TOKENS,
  };
  const tokens = Array.from({ length: RESPONSE_TOKENS }, (_, place) => 8 + ((place + response) % 8));
  const targets = [...new Array<number>(IMAGE_TOKENS - 1).fill(0), 5, ...tokens];
  const inside = new Array<number>(IMAGE_TOKENS).fill(0);
  return {
    model_input: { chunks: [image, { type: "encoded_text", tokens: [5, ...tokens.slice(0, -1)] }] },
    loss_fn_inputs: {
      target_tokens: { data: targets, dtype: "int64", shape: [targets.length] },
      weights: { data: [...inside, ...tokens.map(() => 0.01)], dtype: "float32", shape: [targets.length] },
    },
  };
}

async function measure(workers: number): Promise<Record<string, number>> {
  const directory = await mkdtemp(join(tmpdir(), "fovea-latency-"));
  const server = await startTinkerServer({
    ...SERVER_DEFAULTS,
    policy: { workers },
    port: 0,
    baseDirectory: import.meta.dirname,
    directory,
  });
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer;
  };
  const operate = async <Schema extends z.ZodType>(path: string, schema: Schema, body: unknown) => {
    const { request_id } = acceptedSchema.parse(await post(path, body));
    const result = await post("/retrieve_future", { request_id });
    const failure = failedSchema.safeParse(result);
    if (failure.success) throw new Error(failure.data.error);
    return schema.parse(result);
  };
  try {
    const session = await post("/create_session", { tags: [], sdk_version: "latency" });
    const { session_id } = createSessionResultSchema.parse(session);
    const model = { session_id, base_model: server.modelName };
    const { model_id } = await operate("/create_model", modelCreatedSchema, model);
    const data = Array.from({ length: PROMPTS * RESPONSES }, (_, index) =>
      datum(Math.floor(index / RESPONSES), index % RESPONSES),
    );
    const result: Record<string, number> = { workers };
    for (const round of ["first", "second"]) {
      const probe = new Worker(PROBE, { eval: true, workerData: server.url });
      await sleep(300);
      const began = performance.now();
      const pass = { model_id, forward_backward_input: { data, loss_fn: "cross_entropy" } };
      await operate("/forward_backward", forwardResultSchema, pass);
      const forwardBackward = performance.now() - began;
      await operate("/optim_step", optimStepResultSchema, { model_id, adam_params: { learning_rate: 1e-5 } });
      const told = new Promise<{ longest: number; asked: number }>((resolve) => probe.once("message", resolve));
      probe.postMessage("stop");
      const { longest, asked } = await told;
      result[`${round}: forward_backward, ms`] = Math.round(forwardBackward);
      result[`${round}: longest wait, ms`] = Math.round(longest);
      result[`${round}: answers`] = asked;
    }
    return result;
  } finally {
    await server.close();
    await rm(directory, { recursive: true });
  }
}

const asked = process.argv.slice(2).map(Number);
process.stdout.write(`${availableParallelism()} cores, Node ${process.version}\n`);
for (const workers of asked.length > 0 ? asked : [1, 2]) {
  process.stdout.write(`${JSON.stringify(await measure(workers))}\n`);
}
