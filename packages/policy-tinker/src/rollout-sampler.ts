import {
  FoveaError,
  type Prompt,
  type Rollout,
  type RolloutGroup,
  randomGenerator,
  type SampleRequest,
} from "@fovea-rl/core";
import type { SampleResult } from "@fovea-rl/tinker-protocol";
import { mapConcurrently } from "./connection/limit-concurrency.ts";
import type { EncodedPrompts } from "./prompt/encoded-prompts.ts";
import type { PromptEncoder } from "./prompt/prompt-encoder.ts";
import { Sampler } from "./sampler.ts";
import type { TrainedModel } from "./trained-model.ts";
import type { UsageMeter } from "./training/usage.ts";

/** A 31-bit seed of a random stream, for servers that know no more. */
function streamSeed(request: SampleRequest, promptId: string): number {
  return randomGenerator({ ...request.randomKey, promptId }).uint32() >>> 1;
}

/** Draws rollouts from the trained model's present weights, as many requests side by side as allowed. */
export class RolloutSampler {
  readonly #model: TrainedModel;
  readonly #encoder: PromptEncoder;
  readonly #prompts: EncodedPrompts;
  readonly #usage: UsageMeter;
  readonly #concurrency: number;
  #current: { readonly sampler: Sampler; readonly version: number } | undefined;

  constructor(
    model: TrainedModel,
    encoder: PromptEncoder,
    prompts: EncodedPrompts,
    usage: UsageMeter,
    concurrency: number,
  ) {
    this.#model = model;
    this.#encoder = encoder;
    this.#prompts = prompts;
    this.#usage = usage;
    this.#concurrency = concurrency;
  }

  /** Weights were loaded: those that were sampled from are others, whatever their number of steps. */
  forget(): void {
    this.#current = undefined;
  }

  /** A sampler of the present weights, made anew when a step has changed them. */
  async #sampler({ signal }: SampleRequest): Promise<Sampler> {
    const { version, session } = this.#model;
    if (this.#current?.version === version) return this.#current.sampler;
    const { sampling_session_id: id, path } = await this.#model.saveForSampling(undefined, { signal });
    const sampling = id ?? (path ? await session.createSampler(path, { signal }) : undefined);
    if (sampling === undefined) throw new FoveaError("the server saved weights for sampling and named no place");
    const sampler = new Sampler(session.connection, sampling);
    this.#current = { sampler, version };
    return sampler;
  }

  async sample(request: SampleRequest): Promise<RolloutGroup<Rollout>[]> {
    const { prompts, samplesPerPrompt, sampling, randomKey, signal } = request;
    for (const prompt of prompts) this.#prompts.check(prompt, sampling.maximumTokens);
    const sampler = await this.#sampler(request);
    const knowsKeys = this.#model.session.extension?.random_keys ?? false;
    const { purpose, seed, step } = randomKey;
    return mapConcurrently(prompts, this.#concurrency, async (prompt) => {
      const encoded = await this.#prompts.encode(prompt);
      const key = { seed, purpose, promptId: prompt.id, ...(step === undefined ? {} : { step }) };
      const body = {
        num_samples: samplesPerPrompt,
        sampling_params: {
          max_tokens: sampling.maximumTokens,
          temperature: sampling.temperature,
          top_p: sampling.topP,
          top_k: sampling.topK === 0 ? -1 : sampling.topK,
          seed: streamSeed(request, prompt.id),
          stop: [...this.#encoder.stopTokenIds],
        },
        ...(knowsKeys ? { fovea_random_key: key } : {}),
      };
      const result = await sampler.sample(encoded, body, { signal });
      const rollouts = this.#rollouts(prompt, result, samplesPerPrompt);
      const sampled = rollouts.reduce((sum, { tokens }) => sum + tokens.length, 0);
      this.#usage.add({ prefilled: encoded.tokens.length, sampled });
      return { prompt, rollouts };
    });
  }

  #rollouts(prompt: Prompt, { sequences }: SampleResult, count: number): Rollout[] {
    const encoder = this.#encoder;
    if (sequences.length !== count) {
      throw new FoveaError(`the server drew ${sequences.length} responses to prompt "${prompt.id}", not ${count}`);
    }
    return sequences.map((sequence, sampleIndex) => {
      const tokens = Int32Array.from(sequence.tokens);
      const logprobs = Float32Array.from(sequence.logprobs ?? []);
      const isStopped = sequence.stop_reason === "stop";
      if (logprobs.length !== tokens.length) {
        throw new FoveaError(`the server gave ${logprobs.length} log-probabilities of ${tokens.length} sampled tokens`);
      }
      if (isStopped && !encoder.stopTokenIds.has(tokens.at(-1) ?? -1)) {
        throw new FoveaError(
          `the server ended a response to prompt "${prompt.id}" with a token that modelFiles do not name as its end (${tokens.at(-1)}); ` +
            "the model files are another model's, or eos_token_id in generation_config.json is incomplete",
        );
      }
      return {
        promptId: prompt.id,
        sampleIndex,
        tokens,
        behaviourLogprobs: logprobs,
        text: encoder.decode(isStopped ? tokens.subarray(0, -1) : tokens),
        finishReason: sequence.stop_reason,
      };
    });
  }
}
