import { randomInt } from "node:crypto";
import type { Rollout, SamplingOptions } from "@fovea-rl/core";
import type { TfjsPolicy } from "@fovea-rl/policy-tfjs";
import type { SampleRequest, SamplingParams } from "@fovea-rl/tinker-protocol";
import type { FlatInput } from "./read-model-input.ts";
import { RequestError } from "./request-error.ts";

/** The answer to `asample`. */
export interface SampleOutput {
  readonly type: "sample";
  readonly sequences: readonly {
    readonly tokens: readonly number[];
    readonly logprobs: readonly number[];
    readonly stop_reason: "stop" | "length";
  }[];
  readonly prompt_logprobs?: readonly (number | null)[];
}

/** A request whose prompt is read. */
export interface ReadSampleRequest {
  readonly request: SampleRequest;
  readonly input: FlatInput;
}

function samplingOptions(params: SamplingParams, room: number): SamplingOptions {
  const { temperature, top_k, top_p, max_tokens } = params;
  return { temperature, topP: top_p, topK: Math.max(0, top_k), maximumTokens: max_tokens ?? room };
}

/** Requests that may share one pass of the engine: the same weights, settings and stream of random numbers. */
export function sampleMergeKey(samplerKey: string, { request, input }: ReadSampleRequest): string | undefined {
  const { fovea_random_key: key, num_samples, sampling_params, prompt_logprobs } = request;
  if (prompt_logprobs) return `${samplerKey} prompt ${input.imageEnd > 0}`;
  if (key === undefined) return undefined;
  return JSON.stringify([samplerKey, key.seed, key.purpose, key.step, num_samples, sampling_params]);
}

/** The shortest start of a response that holds a stop token or string, or all of it. */
function stopLength(policy: TfjsPolicy, tokens: Int32Array, stop: SamplingParams["stop"]): number | undefined {
  const stops = typeof stop === "string" ? [stop] : (stop ?? []);
  const ids = new Set(stops.filter((one) => typeof one === "number"));
  const texts = stops.filter((one) => typeof one === "string" && one !== "") as string[];
  for (let length = 1; length <= tokens.length; length++) {
    if (ids.has(tokens[length - 1]!)) return length;
    if (texts.length === 0) continue;
    const text = policy.tokenizer.decode(tokens.subarray(0, length));
    if (texts.some((one) => text.includes(one))) return length;
  }
  return undefined;
}

/** Later tokens do not change earlier ones, so that cutting afterwards gives what stopping there would have. */
function sequence(
  policy: TfjsPolicy,
  { tokens, behaviourLogprobs, finishReason }: Rollout,
  stop: SamplingParams["stop"],
) {
  const cut = stopLength(policy, tokens, stop);
  const length = cut ?? tokens.length;
  return {
    tokens: Array.from(tokens.subarray(0, length)),
    logprobs: Array.from(behaviourLogprobs.subarray(0, length)),
    stop_reason: cut === undefined ? finishReason : ("stop" as const),
  };
}

/** `null` up to the end of the last image and for the first token: nothing is known of those. */
async function promptLogprobs(policy: TfjsPolicy, inputs: readonly FlatInput[]): Promise<(number | null)[][]> {
  const scored = inputs.map((input, index) => ({ input, index, start: Math.max(1, input.imageEnd) }));
  const known = scored.filter(({ input, start }) => input.tokens.length > start);
  const scores = await policy.score(
    known.map(({ input, index, start }) => ({
      prompt: policy.promptOfTokens(`prompt ${index}`, input.tokens.slice(0, start), input.images),
      responses: [input.tokens.slice(start)],
    })),
  );
  const output = inputs.map(({ tokens }) => new Array<number | null>(tokens.length).fill(null));
  known.forEach(({ index, start }, place) => {
    scores[place]![0]!.logprobs.forEach((logprob, token) => {
      output[index]![start + token] = logprob;
    });
  });
  return output;
}

/** Samples for requests with the same {@link sampleMergeKey}. */
export async function sample(policy: TfjsPolicy, requests: readonly ReadSampleRequest[]): Promise<SampleOutput[]> {
  const [{ request }] = requests as [ReadSampleRequest];
  const wantsPrompt = request.prompt_logprobs === true;
  // Clients that want prompt log-probabilities alone ask for one token, because the protocol has no less.
  const logprobs = wantsPrompt
    ? await promptLogprobs(
        policy,
        requests.map(({ input }) => input),
      )
    : undefined;
  const outputs: SampleOutput[] = [];
  const batches = wantsPrompt ? requests.map((one) => [one]) : [requests];
  for (const batch of batches) {
    const { sampling_params: params, num_samples, fovea_random_key: key } = batch[0]!.request;
    const room = Math.min(...batch.map(({ input }) => policy.capabilities.maximumContext - input.tokens.length));
    if (room < 1) throw new RequestError(400, "the prompt leaves no room for a response");
    const prompts = batch.map(({ request: one, input }) =>
      policy.promptOfTokens(one.fovea_random_key?.promptId ?? "prompt", input.tokens, input.images),
    );
    const { seed = params.seed ?? randomInt(2 ** 31), purpose = "tinker", step } = key ?? {};
    const groups = await policy.sample({
      prompts,
      samplesPerPrompt: num_samples,
      sampling: samplingOptions(params, room),
      randomKey: { seed, purpose, ...(step === undefined ? {} : { step }) },
    });
    for (const { rollouts } of groups) {
      const index = outputs.length;
      outputs.push({
        type: "sample",
        sequences: rollouts.map((rollout) => sequence(policy, rollout, params.stop)),
        ...(logprobs === undefined ? {} : { prompt_logprobs: logprobs[index]! }),
      });
    }
  }
  return outputs;
}
