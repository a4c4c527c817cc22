import type { FinishReason, RandomGenerator } from "@fovea-rl/core";
import { drawToken } from "./draw-token.ts";
import type { SampledResponse, SampleSettings } from "./sample-responses.ts";
import type { TokenLogits } from "./token-distribution.ts";

/** A response while it grows. Each draws from a stream of its own, so batching cannot change it. */
export interface GrowingResponse {
  readonly prompt: number;
  readonly random: RandomGenerator;
  readonly tokens: number[];
  readonly logprobs: number[];
  readonly entropies: number[];
  finishReason: FinishReason | undefined;
}

export function startResponse(prompt: number, random: RandomGenerator): GrowingResponse {
  return { prompt, random, tokens: [], logprobs: [], entropies: [], finishReason: undefined };
}

/** Draws the next token. */
export function growResponse(response: GrowingResponse, logits: TokenLogits, settings: SampleSettings): void {
  const { token, logprob, entropy } = drawToken(
    logits,
    settings.sampling,
    settings.trainingTemperature,
    response.random.uniform(),
  );
  response.tokens.push(token);
  response.logprobs.push(logprob);
  response.entropies.push(entropy);
  if (settings.stopTokenIds.has(token)) response.finishReason = "stop";
  else if (response.tokens.length >= settings.sampling.maximumTokens) response.finishReason = "length";
}

/** What became of a response that has ended. */
export function finishedResponse({ tokens, logprobs, entropies, finishReason }: GrowingResponse): SampledResponse {
  return {
    tokens: Int32Array.from(tokens),
    logprobs: Float32Array.from(logprobs),
    entropies: Float32Array.from(entropies),
    finishReason: finishReason!,
  };
}
