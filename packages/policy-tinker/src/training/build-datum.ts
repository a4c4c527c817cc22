import type { Datum, TensorData } from "@fovea-rl/tinker-protocol";
import type { EncodedPrompt } from "../prompt/prompt-encoder.ts";

/** A response of T tokens behind its prompt. */
export interface PromptedResponse {
  readonly prompt: EncodedPrompt;
  /** `[T]`, T at least 1. */
  readonly tokens: Int32Array;
}

function tensor(dtype: "int64" | "float32", data: number[]): TensorData {
  return { data, dtype, shape: [data.length] };
}

/**
 * A response as a training example of L = P + T - 1 positions: the model reads all but the last token, and position i is scored
 * on the token after it. Positions before P - 1 belong to the prompt and have nothing to learn.
 *
 * @param inputs further loss inputs, `[T]` each; 0 over the prompt.
 * @param marksPrefix whether the server takes `fovea_prefix_chunks`.
 */
export function buildDatum(
  { prompt, tokens }: PromptedResponse,
  inputs: Readonly<Record<string, ArrayLike<number>>>,
  marksPrefix: boolean,
): Datum {
  const inside = prompt.tokens.length - 1;
  const read = Array.from(tokens.subarray(0, -1));
  const padded = (values: ArrayLike<number>) => [...new Array<number>(inside).fill(0), ...Array.from(values)];
  const targets = [...prompt.tokens.subarray(1), ...tokens];
  return {
    model_input: {
      chunks: [...prompt.chunks, ...(read.length > 0 ? [{ type: "encoded_text" as const, tokens: read }] : [])],
    },
    loss_fn_inputs: {
      target_tokens: tensor("int64", targets),
      ...Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, tensor("float32", padded(values))])),
    },
    ...(marksPrefix ? { fovea_prefix_chunks: prompt.chunks.length } : {}),
  };
}

/** `[T]` values at the response's positions, out of an answer over all of the datum's. */
export function responsePart({ prompt, tokens }: PromptedResponse, values: readonly number[]): Float32Array {
  const start = prompt.tokens.length - 1;
  return Float32Array.from(values.slice(start, start + tokens.length));
}
