import { z } from "zod";
import type { ForwardOutput } from "./engine-operations.ts";
import {
  ELEMENT_TYPE,
  ForwardBackwardOutputMessage,
  ForwardBackwardRequestMessage,
  SampleResponseMessage,
} from "./protobuf-messages.ts";
import { RequestError } from "./request-error.ts";
import type { SampleOutput } from "./sample-operation.ts";

export const PROTOBUF_TYPE = "application/x-protobuf";

const bytes = z.instanceof(Uint8Array);
// Proto3 leaves out whatever is empty or 0.
const possiblyEmptyBytes = bytes.default(new Uint8Array(0));
const tensorSchema = z.object({
  dense: bytes.optional(),
  sparse_csr: bytes.optional(),
  dtype: z.int().default(0),
  shape: z.array(z.number()).optional(),
});
const chunkSchema = z.object({
  encoded_text: z.object({ tokens: bytes.optional() }).optional(),
  image: z
    .object({ data: possiblyEmptyBytes, format: z.string().default(""), expected_tokens: z.int().optional() })
    .optional(),
});
const requestSchema = z.object({
  model_id: z.string(),
  seq_id: z.int().optional(),
  data: z.array(
    z.object({
      model_input: z.array(chunkSchema).default([]),
      loss_fn_inputs: z.record(z.string(), tensorSchema).default({}),
    }),
  ),
  loss_fn: z.string(),
  loss_fn_config: z.record(z.string(), z.number()).optional(),
  forward_only: z.boolean().optional(),
});

function view(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

function countValues(name: string, { byteLength }: Uint8Array, width: 4 | 8): number {
  if (byteLength % width === 0) return byteLength / width;
  throw new RequestError(400, `${name} has ${byteLength} bytes, which is no whole number of values of ${width}`);
}

function readIntegers(name: string, data: Uint8Array, width: 4 | 8): number[] {
  const values = view(data);
  return Array.from({ length: countValues(name, data, width) }, (_, index) =>
    width === 4 ? values.getInt32(index * 4, true) : Number(values.getBigInt64(index * 8, true)),
  );
}

function readFloats(name: string, data: Uint8Array): number[] {
  const values = view(data);
  return Array.from({ length: countValues(name, data, 4) }, (_, index) => values.getFloat32(index * 4, true));
}

function readTensor(name: string, { dense, sparse_csr: sparse, dtype }: z.output<typeof tensorSchema>) {
  if (sparse !== undefined && sparse.length > 0) {
    throw new RequestError(400, `loss_fn_inputs.${name} is sparse, which is not supported here`);
  }
  const data = dense ?? new Uint8Array(0);
  const field = `loss_fn_inputs.${name}`;
  switch (dtype) {
    case ELEMENT_TYPE.float32:
      return { data: readFloats(field, data), dtype: "float32" };
    case ELEMENT_TYPE.int64:
      return { data: readIntegers(field, data, 8), dtype: "int64" };
    case ELEMENT_TYPE.int32:
      return { data: readIntegers(field, data, 4), dtype: "int64" };
    default:
      throw new RequestError(400, `loss_fn_inputs.${name} has the element type ${dtype}, which is not supported here`);
  }
}

function readChunk({ encoded_text: text, image }: z.output<typeof chunkSchema>) {
  if (image !== undefined) {
    const { data, format, expected_tokens: expected } = image;
    const base = { type: "image", data: Buffer.from(data).toString("base64"), format };
    return expected === undefined ? base : { ...base, expected_tokens: expected };
  }
  if (text === undefined) throw new RequestError(400, "a chunk is neither text nor an image");
  return { type: "encoded_text", tokens: readIntegers("encoded_text.tokens", text.tokens ?? new Uint8Array(0), 4) };
}

/**
 * The JSON body that a protobuf request to forward_backward stands for, and the route that it means: these clients send forward
 * passes to the same place.
 */
export function decodeForwardBackward(body: Uint8Array): { readonly route: string; readonly body: unknown } {
  let decoded: unknown;
  try {
    const message = ForwardBackwardRequestMessage.decode(body);
    decoded = ForwardBackwardRequestMessage.toObject(message, { longs: Number });
  } catch (error) {
    throw new RequestError(422, `the body is no ForwardBackwardRequest: ${(error as Error).message}`);
  }
  const parsed = requestSchema.safeParse(decoded);
  if (!parsed.success)
    throw new RequestError(422, `the body is no whole ForwardBackwardRequest: ${parsed.error.message}`);
  const { model_id, seq_id, data, loss_fn, loss_fn_config, forward_only } = parsed.data;
  const input = {
    data: data.map(({ model_input, loss_fn_inputs }) => ({
      model_input: { chunks: model_input.map(readChunk) },
      loss_fn_inputs: Object.fromEntries(
        Object.entries(loss_fn_inputs).map(([name, tensor]) => [name, readTensor(name, tensor)]),
      ),
    })),
    loss_fn,
    ...(loss_fn_config === undefined ? {} : { loss_fn_config }),
  };
  const common = { model_id, ...(seq_id === undefined ? {} : { seq_id }) };
  return forward_only
    ? { route: "POST /forward", body: { ...common, forward_input: input } }
    : { route: "POST /forward_backward", body: { ...common, forward_backward_input: input } };
}

function writeFloats(values: readonly (number | null)[]): Uint8Array {
  const data = new Uint8Array(values.length * 4);
  // What is not known travels as NaN: these bytes have no null.
  values.forEach((value, index) => {
    view(data).setFloat32(index * 4, value ?? Number.NaN, true);
  });
  return data;
}

function writeInt32(values: readonly number[]): Uint8Array {
  const data = new Uint8Array(values.length * 4);
  values.forEach((value, index) => {
    view(data).setInt32(index * 4, value, true);
  });
  return data;
}

function writeInt64(values: readonly number[]): Uint8Array {
  const data = new Uint8Array(values.length * 8);
  values.forEach((value, index) => {
    view(data).setBigInt64(index * 8, BigInt(value), true);
  });
  return data;
}

function encodeForward({ loss_fn_output_type, loss_fn_outputs, metrics }: ForwardOutput): Uint8Array {
  const names = Object.keys(loss_fn_outputs[0] ?? {});
  const fields = names.map((name) => {
    const rows = loss_fn_outputs.map((output) => output[name]!.data);
    const offsets = [0];
    for (const row of rows) offsets.push(offsets.at(-1)! + row.length * 4);
    return [name, { data: writeFloats(rows.flat()), offsets: writeInt64(offsets), dtype: ELEMENT_TYPE.float32 }];
  });
  const record = {
    type_tag: loss_fn_output_type,
    fields: Object.fromEntries(fields),
    num_datums: loss_fn_outputs.length,
  };
  return ForwardBackwardOutputMessage.encode(
    ForwardBackwardOutputMessage.fromObject({ loss_fn_output_type, loss_fn_outputs: [record], metrics }),
  ).finish();
}

function encodeSample({ sequences, prompt_logprobs: prompt }: SampleOutput): Uint8Array {
  return SampleResponseMessage.encode(
    SampleResponseMessage.fromObject({
      sequences: sequences.map(({ tokens, logprobs, stop_reason }) => ({
        stop_reason: stop_reason === "stop" ? 0 : 1,
        tokens: writeInt32(tokens),
        logprobs: writeFloats(logprobs),
      })),
      ...(prompt === undefined ? {} : { prompt_logprobs: writeFloats(prompt) }),
    }),
  ).finish();
}

/** A result as a protobuf message, if its kind has one. */
export function encodeResult(resultType: string, value: unknown): Uint8Array | undefined {
  switch (resultType) {
    case "sample":
      return encodeSample(value as SampleOutput);
    case "forward":
    case "forward_backward":
      return encodeForward(value as ForwardOutput);
    default:
      return undefined;
  }
}
