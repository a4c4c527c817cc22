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
  /** What log-probabilities of the prompt begin behind. */
  readonly prefix: { readonly length: number; readonly digest: string };
}

function samplingOptions(params: SamplingParams, room: number): SamplingOptions {
  const { temperature, top_k, top_p, max_tokens } = params;
  return { temperature, topP: top_p, topK: Math.max(0, top_k), maximumTokens: max_tokens ?? room };
}

/** Requests that may share one pass of the engine: the same weights, settings and stream of random numbers. */
export function sampleMergeKey(samplerKey: string, { request }: ReadSampleRequest): string | undefined {
  const { fovea_random_key: key, num_samples, sampling_params, prompt_logprobs } = request;
  // Whoever gives a seed of their own wants draws that depend on nothing else.
  if (key === undefined && typeof sampling_params.seed === "number") return undefined;
  return JSON.stringify([
    samplerKey,
    key?.seed,
    key?.purpose,
    key?.step,
    num_samples,
    sampling_params,
    prompt_logprobs,
  ]);
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

/** `null` for the prefix, of which nothing is known. Inputs with the same prefix share its pass. */
async function promptLogprobs(
  policy: TfjsPolicy,
  requests: readonly ReadSampleRequest[],
): Promise<(number | null)[][]> {
  const output = requests.map(({ input }) => new Array<number | null>(input.tokens.length).fill(null));
  const groups = new Map<string, number[]>();
  requests.forEach(({ input, prefix }, index) => {
    if (input.tokens.length > prefix.length) groups.set(prefix.digest, [...(groups.get(prefix.digest) ?? []), index]);
  });
  const members = [...groups.values()];
  const scores = await policy.score(
    members.map((group) => {
      const { input, prefix } = requests[group[0]!]!;
      return {
        prompt: policy.promptOfTokens(`prompt ${group[0]}`, input.tokens.slice(0, prefix.length), input.images),
        responses: group.map((index) => requests[index]!.input.tokens.slice(prefix.length)),
      };
    }),
  );
  members.forEach((group, place) => {
    group.forEach((index, response) => {
      const start = requests[index]!.prefix.length;
      scores[place]![response]!.logprobs.forEach((logprob, token) => {
        output[index]![start + token] = logprob;
      });
    });
  });
  return output;
}

/** Samples for requests with the same {@link sampleMergeKey}. */
export async function sample(policy: TfjsPolicy, requests: readonly ReadSampleRequest[]): Promise<SampleOutput[]> {
  const [{ request }] = requests as [ReadSampleRequest];
  const { sampling_params: params, num_samples, fovea_random_key: key } = request;
  const room = Math.min(...requests.map(({ input }) => policy.capabilities.maximumContext - input.tokens.length));
  if (room < 1) throw new RequestError(400, "the prompt leaves no room for a response");
  const logprobs = request.prompt_logprobs ? await promptLogprobs(policy, requests) : undefined;
  // Requests without a key of their own share a random seed, so that their place must tell them apart.
  const prompts = requests.map(({ request: one, input }, index) =>
    policy.promptOfTokens(one.fovea_random_key?.promptId ?? `prompt ${index}`, input.tokens, input.images),
  );
  const { seed = params.seed ?? randomInt(2 ** 31), purpose = "tinker", step } = key ?? {};
  const groups = await policy.sample({
    prompts,
    samplesPerPrompt: num_samples,
    sampling: samplingOptions(params, room),
    randomKey: { seed, purpose, ...(step === undefined ? {} : { step }) },
  });
  return groups.map(({ rollouts }, index) => ({
    type: "sample",
    sequences: rollouts.map((rollout) => sequence(policy, rollout, params.stop)),
    ...(logprobs === undefined ? {} : { prompt_logprobs: logprobs[index]! }),
  }));
}
