import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeForwardBackward, encodeResult } from "./protobuf-codec.ts";
import {
  ELEMENT_TYPE,
  ForwardBackwardOutputMessage,
  ForwardBackwardRequestMessage,
  SampleResponseMessage,
} from "./protobuf-messages.ts";
import { RequestError } from "./request-error.ts";

function bytesOf(array: Int32Array | Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function request(fields: Record<string, unknown>): Uint8Array {
  const message = ForwardBackwardRequestMessage.fromObject({ model_id: "m", loss_fn: "cross_entropy", ...fields });
  return ForwardBackwardRequestMessage.encode(message).finish();
}

describe("a request to forward_backward", () => {
  it("is read from bytes that no encoder of ours wrote", () => {
    // Tag and length before each field, as the wire format has it: (number << 3) | type.
    const head = [0x0a, 1, 0x6d, 0x10, 7];
    const tokens = bytesOf(Int32Array.of(5, 300));
    const weights = bytesOf(Float32Array.of(0.5, -2));
    const chunk = Uint8Array.from([0x0a, tokens.length + 2, 0x0a, tokens.length, ...tokens]);
    const tensor = Uint8Array.from([0x0a, weights.length, ...weights, 0x18, 1, 0x22, 1, 2]);
    const entry = Uint8Array.from([0x0a, 1, 0x77, 0x12, tensor.length, ...tensor]);
    const datum = Uint8Array.from([0x0a, chunk.length, ...chunk, 0x12, entry.length, ...entry]);
    const bytes = Uint8Array.from([...head, 0x1a, datum.length, ...datum, 0x22, 3, 0x70, 0x70, 0x6f]);
    expect(decodeForwardBackward(bytes)).toEqual({
      route: "POST /forward_backward",
      body: {
        model_id: "m",
        seq_id: 7,
        forward_backward_input: {
          data: [
            {
              model_input: { chunks: [{ type: "encoded_text", tokens: [5, 300] }] },
              loss_fn_inputs: { w: { data: [0.5, -2], dtype: "float32" } },
            },
          ],
          loss_fn: "ppo",
        },
      },
    });
  });

  it("means the same as in JSON, whatever its tokens, weights and images", () => {
    const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const float = fc.float({ noNaN: true });
    const integers = fc.array(fc.maxSafeInteger(), { maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(int32, { maxLength: 6 }),
        fc.array(float, { maxLength: 6 }),
        integers,
        fc.uint8Array({ maxLength: 9 }),
        fc.option(fc.integer({ min: 1, max: 999 }), { nil: undefined }),
        fc.boolean(),
        (tokens, weights, targets, image, expectedTokens, isForward) => {
          const { route, body } = decodeForwardBackward(
            request({
              forward_only: isForward,
              loss_fn_config: { clip_low_threshold: 0.8 },
              data: [
                {
                  model_input: [
                    { encoded_text: { tokens: bytesOf(Int32Array.from(tokens)) } },
                    { image: { data: image, format: "png", expected_tokens: expectedTokens } },
                  ],
                  loss_fn_inputs: {
                    weights: { dense: bytesOf(Float32Array.from(weights)), dtype: ELEMENT_TYPE.float32 },
                    targets: { dense: bytesOf(BigInt64Array.from(targets.map(BigInt))), dtype: ELEMENT_TYPE.int64 },
                    narrow: { dense: bytesOf(Int32Array.from(tokens)), dtype: ELEMENT_TYPE.int32 },
                  },
                },
              ],
            }),
          );
          const field = isForward ? "forward_input" : "forward_backward_input";
          expect(route).toBe(isForward ? "POST /forward" : "POST /forward_backward");
          expect(body).toEqual({
            model_id: "m",
            [field]: {
              data: [
                {
                  model_input: {
                    chunks: [
                      { type: "encoded_text", tokens },
                      {
                        type: "image",
                        data: Buffer.from(image).toString("base64"),
                        format: "png",
                        ...(expectedTokens === undefined ? {} : { expected_tokens: expectedTokens }),
                      },
                    ],
                  },
                  loss_fn_inputs: {
                    weights: { data: weights, dtype: "float32" },
                    targets: { data: targets, dtype: "int64" },
                    narrow: { data: tokens, dtype: "int64" },
                  },
                },
              ],
              loss_fn: "cross_entropy",
              loss_fn_config: { clip_low_threshold: 0.8 },
            },
          });
        },
      ),
    );
  });

  it.each<[string, Uint8Array, number, RegExp]>([
    ["no message at all", Uint8Array.of(0x0a, 200, 1), 422, /the body is no ForwardBackwardRequest: /],
    ["a message without a loss", Uint8Array.of(0x0a, 1, 0x6d), 422, /no whole ForwardBackwardRequest: [\s\S]*loss_fn/],
    [
      "a sparse tensor",
      request({ data: [{ loss_fn_inputs: { weights: { sparse_csr: Uint8Array.of(1), dtype: 1 } } }] }),
      400,
      /loss_fn_inputs\.weights is sparse/,
    ],
    [
      "an element type of another version",
      request({ data: [{ loss_fn_inputs: { weights: { dense: Uint8Array.of(1), dtype: 9 } } }] }),
      400,
      /loss_fn_inputs\.weights has the element type 9/,
    ],
    [
      "half a number",
      request({ data: [{ loss_fn_inputs: { weights: { dense: Uint8Array.of(1, 2, 3), dtype: 1 } } }] }),
      400,
      /loss_fn_inputs\.weights has 3 bytes, which is no whole number of values of 4/,
    ],
    [
      "a chunk of another kind",
      request({ data: [{ model_input: [{ dmel: Uint8Array.of(1) }] }] }),
      400,
      /neither text/,
    ],
  ])("is refused: %s", (_, bytes, status, message) => {
    let thrown: unknown;
    try {
      decodeForwardBackward(bytes);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(RequestError);
    expect(thrown).toMatchObject({ status, message: expect.stringMatching(message) });
  });

  it("is read or refused, never a crash, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeForwardBackward(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RequestError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function copied(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function floats(bytes: Uint8Array): number[] {
  return [...new Float32Array(copied(bytes))];
}

describe("a result", () => {
  it("of a pass holds all rows one behind the other, with the byte at which each begins", () => {
    const row = (data: number[]) => ({ data, dtype: "float32", shape: [data.length] });
    const bytes = encodeResult("forward_backward", {
      loss_fn_output_type: "ArrayRecord",
      loss_fn_outputs: [
        { logprobs: row([-1, -2]), elementwise_loss: row([1, 2]) },
        { logprobs: row([-3]), elementwise_loss: row([3]) },
      ],
      metrics: { "loss:sum": 6 },
    })!;
    const message = ForwardBackwardOutputMessage.toObject(ForwardBackwardOutputMessage.decode(bytes), {
      longs: Number,
    });
    expect(message).toMatchObject({ loss_fn_output_type: "ArrayRecord", metrics: { "loss:sum": 6 } });
    const [record] = message["loss_fn_outputs"];
    expect(record).toMatchObject({ type_tag: "ArrayRecord", num_datums: 2 });
    expect(floats(record.fields.logprobs.data)).toEqual([-1, -2, -3]);
    expect(floats(record.fields.elementwise_loss.data)).toEqual([1, 2, 3]);
    expect([...new BigInt64Array(copied(record.fields.logprobs.offsets))]).toEqual([0n, 8n, 12n]);
  });

  it("of sampling says what is not known of a prompt by NaN", () => {
    const bytes = encodeResult("sample", {
      type: "sample",
      sequences: [
        { tokens: [4, 5], logprobs: [-0.5, -1], stop_reason: "stop" },
        { tokens: [6], logprobs: [-2], stop_reason: "length" },
      ],
      prompt_logprobs: [null, -0.25],
    })!;
    const message = SampleResponseMessage.toObject(SampleResponseMessage.decode(bytes));
    const [stopped, cut] = message["sequences"];
    expect([...new Int32Array(copied(stopped.tokens))]).toEqual([4, 5]);
    expect(floats(stopped.logprobs)).toEqual([-0.5, -1]);
    expect(floats(cut.logprobs)).toEqual([-2]);
    expect(stopped.stop_reason).not.toBe(cut.stop_reason);
    expect(floats(message["prompt_logprobs"])).toEqual([Number.NaN, -0.25]);
  });

  it("of other operations travels as JSON", () => {
    expect(encodeResult("optim_step", { metrics: {} })).toBeUndefined();
  });
});
