import { type Cancellable, FoveaError } from "@fovea-rl/core";
import { type ModelInputChunk, type SampleResult, sampleResultSchema } from "@fovea-rl/tinker-protocol";
import type { TinkerConnection } from "./connection/tinker-connection.ts";
import type { EncodedPrompt } from "./prompt/prompt-encoder.ts";

/** Fixed weights on the server that samples are drawn from. */
export class Sampler {
  readonly id: string;
  readonly #connection: TinkerConnection;
  #sequence = 0;

  constructor(connection: TinkerConnection, id: string) {
    this.#connection = connection;
    this.id = id;
  }

  async sample(
    prompt: EncodedPrompt,
    request: Readonly<Record<string, unknown>>,
    { signal }: Cancellable = {},
  ): Promise<SampleResult> {
    const body = {
      prompt: { chunks: prompt.chunks },
      sampling_session_id: this.id,
      seq_id: this.#sequence++,
      type: "sample",
      ...request,
    };
    return this.#connection.operation("/asample", sampleResultSchema, body, { signal });
  }

  /**
   * Log-probabilities of a response, as those of a prompt: the protocol samples nothing less than one token.
   *
   * @returns `[T]`
   */
  async score(
    prompt: EncodedPrompt,
    tokens: Int32Array,
    stopTokens: readonly number[],
    marksPrefix: boolean,
    options: Cancellable = {},
  ): Promise<Float32Array> {
    const response: ModelInputChunk = { type: "encoded_text", tokens: [...tokens] };
    const { prompt_logprobs: logprobs } = await this.sample(
      { ...prompt, chunks: [...prompt.chunks, response] },
      {
        num_samples: 1,
        prompt_logprobs: true,
        ...(marksPrefix ? { fovea_prefix_chunks: prompt.chunks.length } : {}),
        sampling_params: { max_tokens: 1, temperature: 1, top_k: -1, top_p: 1, stop: stopTokens },
      },
      options,
    );
    const own = logprobs?.slice(-tokens.length) ?? [];
    if (own.length !== tokens.length || own.some((logprob) => logprob === null)) {
      throw new FoveaError("the server gave no log-probabilities of the prompt's last tokens (prompt_logprobs)");
    }
    return Float32Array.from(own as number[]);
  }
}
