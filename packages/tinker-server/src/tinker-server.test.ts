import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  acceptedSchema,
  createSessionResultSchema,
  forwardResultSchema,
  modelCreatedSchema,
  optimStepResultSchema,
  sampleResultSchema,
  samplerSavedSchema,
} from "@fovea-rl/tinker-protocol";
import { encode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type RunningServer, SERVER_DEFAULTS, startTinkerServer } from "./index.ts";

const KEY = "tml-test";
const IMAGE_TOKENS = 4;

let server: RunningServer;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "fovea-server-"));
  const here = { baseDirectory: import.meta.dirname, directory };
  server = await startTinkerServer({ ...SERVER_DEFAULTS, ...here, port: 0, apiKey: KEY });
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const refusalSchema = z.object({ detail: z.string() });

async function post(
  path: string,
  body: unknown,
  key = KEY,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const headers = { "content-type": "application/json", "x-api-key": key };
  const response = await fetch(`${server.url}/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

/** Submits an operation. @returns where its result can be had. */
async function submit(path: string, body: unknown): Promise<string> {
  return acceptedSchema.parse((await post(path, body)).body).request_id;
}

/** An operation's result. */
async function operate<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  body: unknown,
): Promise<z.output<Schema>> {
  return schema.parse((await post("/retrieve_future", { request_id: await submit(path, body) })).body);
}

async function sample(body: unknown) {
  const { sequences } = await operate("/asample", sampleResultSchema, body);
  return sequences[0]!;
}

function computeGradient(model: string, seq_id: number, data: readonly unknown[]) {
  return operate("/forward_backward", forwardResultSchema, forwardBackward(model, seq_id, data));
}

async function createModel(): Promise<string> {
  const { body: session } = await post("/create_session", { tags: [], sdk_version: "test" });
  const { session_id } = createSessionResultSchema.parse(session);
  const body = { session_id, model_seq_id: 0, base_model: server.modelName, lora_config: { rank: 0 } };
  return (await operate("/create_model", modelCreatedSchema, body)).model_id;
}

function imageChunk(shade: number, expected = IMAGE_TOKENS) {
  const data = encode({ width: 40, height: 40, data: new Uint8Array(4800).fill(shade), channels: 3, depth: 8 });
  return { type: "image", format: "png", data: Buffer.from(data).toString("base64"), expected_tokens: expected };
}

/** Tokens 8, 9, 10 behind an image and token 5. */
function datum(shade: number, weights = [1, 1, 1]) {
  const length = IMAGE_TOKENS + 3;
  const inside = new Array<number>(IMAGE_TOKENS).fill(0);
  return {
    model_input: { chunks: [imageChunk(shade), { type: "encoded_text", tokens: [5, 8, 9] }] },
    loss_fn_inputs: {
      target_tokens: { data: [0, 0, 0, 5, 8, 9, 10], dtype: "int64", shape: [length] },
      weights: { data: [...inside, ...weights], dtype: "float32", shape: [length] },
    },
  };
}

function forwardBackward(model_id: string, seq_id: number, data: readonly unknown[], loss_fn = "cross_entropy") {
  return { model_id, seq_id, forward_backward_input: { data, loss_fn } };
}

describe("access", () => {
  it("needs the key for everything but the sign of life", async () => {
    expect((await post("/create_session", { tags: [], sdk_version: "test" }, "wrong")).status).toBe(401);
    expect((await fetch(`${server.url}/api/v1/get_server_capabilities`)).status).toBe(401);
    expect((await fetch(`${server.url}/api/v1/healthz`)).status).toBe(200);
  });

  it("is not offered beyond this machine without a key", async () => {
    const open = startTinkerServer({ ...SERVER_DEFAULTS, host: "0.0.0.0", port: 0, directory });
    await expect(open).rejects.toThrow("open to anyone who reaches 0.0.0.0");
  });
});

describe("training", () => {
  it("applies a request once, however often it comes", async () => {
    const model = await createModel();
    const first = await submit("/forward_backward", forwardBackward(model, 1, [datum(0)]));
    expect(await submit("/forward_backward", forwardBackward(model, 1, [datum(0)]))).toBe(first);
    const other = await post("/forward_backward", forwardBackward(model, 1, [datum(255)]));
    expect(other).toMatchObject({ status: 409, body: { detail: expect.stringContaining("was another request") } });
    const step = { model_id: model, seq_id: 2, adam_params: { learning_rate: 1e-3 } };
    const take = () => operate("/optim_step", z.record(z.string(), z.unknown()), step);
    const results = await Promise.all([take(), take()]);
    expect(results[0]).toEqual(results[1]);
    expect(server.optimiserSteps().get(model)).toBe(1);
  });

  it("lowers the loss that is the sum over tokens of the weighted negative log-probability", async () => {
    const model = await createModel();
    const data = [datum(0, [1, 0, -0.5])];
    const { loss_fn_outputs: outputs, metrics } = await computeGradient(model, 1, data);
    const logprobs = outputs[0]!["logprobs"]!.data;
    expect(logprobs.slice(0, IMAGE_TOKENS - 1)).toEqual([0, 0, 0]);
    const loss = -logprobs[4]! + 0.5 * logprobs[6]!;
    expect(metrics["loss:sum"]).toBeCloseTo(loss, 4);
    const step = { model_id: model, seq_id: 2, adam_params: { learning_rate: 1e-4 } };
    await operate("/optim_step", optimStepResultSchema, step);
    const after = await computeGradient(model, 3, data);
    expect(after.metrics["loss:sum"]).toBeLessThan(loss);
  });

  it("sees images, and computes data together as it does alone", async () => {
    const model = await createModel();
    const rows = async (data: readonly unknown[]): Promise<number[][]> => {
      const body = { model_id: model, forward_input: { data, loss_fn: "cross_entropy" } };
      const { loss_fn_outputs: outputs } = await operate("/forward", forwardResultSchema, body);
      return outputs.map(({ logprobs }) => logprobs!.data);
    };
    const [black, white, again] = (await rows([datum(0), datum(255), datum(0)])) as [number[], number[], number[]];
    const [alone] = (await rows([datum(255)])) as [number[]];
    expect(again).toEqual(black);
    expect(white).not.toEqual(black);
    white.forEach((value, place) => {
      expect(value).toBeCloseTo(alone[place]!, 4);
    });
  });
});

describe("while a gradient is computed", () => {
  it("goes on answering others", async () => {
    const model = await createModel();
    // Threads start, and the first pass compiles.
    await computeGradient(model, 1, [datum(0)]);
    const data = Array.from({ length: 96 }, (_, index) => datum(index));
    const request_id = await submit("/forward_backward", forwardBackward(model, 2, data));
    let isDone = false;
    const result = post("/retrieve_future", { request_id }).finally(() => {
      isDone = true;
    });
    // A thread that computes answers two or three before it begins, and none until it ends.
    let answers = 0;
    while (!isDone) {
      expect((await fetch(`${server.url}/api/v1/healthz`)).status).toBe(200);
      answers++;
    }
    expect(forwardResultSchema.parse((await result).body).loss_fn_outputs).toHaveLength(96);
    expect(answers).toBeGreaterThan(10);
  });
});

describe("a request that cannot be served", () => {
  it.each<[string, (model: string) => unknown, RegExp]>([
    [
      "another number of image tokens",
      (model) =>
        forwardBackward(model, 1, [
          { ...datum(0), model_input: { chunks: [imageChunk(0, 9), { type: "encoded_text", tokens: [5] }] } },
        ]),
      /expects 9 tokens for its image; here an image takes 4/,
    ],
    [
      "a loss that is not there",
      (model) => forwardBackward(model, 1, [datum(0)], "gspo"),
      /"gspo" is not one of cross_entropy/,
    ],
    [
      "a surrogate without advantages",
      (model) => forwardBackward(model, 1, [datum(0)], "ppo"),
      /needs loss_fn_inputs.logprobs/,
    ],
    [
      "targets that are not the input shifted",
      (model) =>
        forwardBackward(model, 1, [
          { ...datum(0), loss_fn_inputs: { target_tokens: { data: [0, 0, 0, 5, 7, 9, 10] } } },
        ]),
      /target_tokens\[4\] is 7, but the token that follows is 8/,
    ],
    [
      "weights inside an image",
      (model) =>
        forwardBackward(model, 1, [
          { ...datum(0), loss_fn_inputs: { ...datum(0).loss_fn_inputs, weights: { data: [1, 0, 0, 0, 0, 0, 0] } } },
        ]),
      /weights\[0\] is not 0/,
    ],
  ])("is refused by what is wrong: %s", async (_, body, message) => {
    const answer = await post("/forward_backward", body(await createModel()));
    expect(answer.status).toBe(400);
    expect(refusalSchema.parse(answer.body).detail).toMatch(message);
  });

  it("is refused where the model or request is not there", async () => {
    expect((await post("/optim_step", { model_id: "none", adam_params: {} })).status).toBe(404);
    expect((await post("/retrieve_future", { request_id: "none" })).status).toBe(404);
    const { body } = await post("/optim_step", { adam_params: {} });
    expect(refusalSchema.parse(body).detail).toContain("model_id");
  });
});

describe("sampling", () => {
  it("stops at the asked tokens, as a cut of what it would have drawn", async () => {
    const base = { base_model: server.modelName, prompt: { chunks: [imageChunk(0), { tokens: [5, 8] }] } };
    const { tokens } = await sample({ ...base, sampling_params: { max_tokens: 8, seed: 4 } });
    const stopped = await sample({ ...base, sampling_params: { max_tokens: 8, seed: 4, stop: [tokens[2]] } });
    expect(stopped.tokens).toEqual(tokens.slice(0, tokens.indexOf(tokens[2]!) + 1));
    expect(stopped.stop_reason).toBe("stop");
  });

  it("goes on from the weights that were saved for it, whatever training does meanwhile", async () => {
    const model = await createModel();
    const save = { model_id: model, seq_id: 1, sampling_session_seq_id: 0 };
    const { sampling_session_id } = await operate("/save_weights_for_sampler", samplerSavedSchema, save);
    const request = (seq_id: number) => ({
      sampling_session_id,
      seq_id,
      prompt: { chunks: [imageChunk(0), { tokens: [5] }] },
      sampling_params: { max_tokens: 6, seed: 1 },
    });
    const before = await sample(request(0));
    await computeGradient(model, 2, [datum(0)]);
    const step = { model_id: model, seq_id: 3, adam_params: { learning_rate: 0.1 } };
    await operate("/optim_step", optimStepResultSchema, step);
    expect(await sample(request(1))).toEqual(before);
  });
});
