import { FoveaError, type PolicyCapabilities, type Prompt, type ScoreRequest } from "@fovea-rl/core";
import type { PromptedResponse } from "../training/build-datum.ts";
import type { EncodedPrompt, PromptEncoder } from "./prompt-encoder.ts";

/** Prompts as the server takes them, each encoded once as long as somebody holds it, and checked against what the engine can do. */
export class EncodedPrompts {
  readonly #encoder: PromptEncoder;
  readonly #capabilities: PolicyCapabilities;
  readonly #origin: string;
  readonly #encoded = new WeakMap<Prompt, Promise<EncodedPrompt>>();

  constructor(encoder: PromptEncoder, capabilities: PolicyCapabilities, origin: string) {
    this.#encoder = encoder;
    this.#capabilities = capabilities;
    this.#origin = origin;
  }

  encode(prompt: Prompt): Promise<EncodedPrompt> {
    const known = this.#encoded.get(prompt) ?? this.#encoder.encode(prompt);
    this.#encoded.set(prompt, known);
    return known;
  }

  /** @throws FoveaError if the prompt has images that the server does not take, or does not fit the context. */
  check(prompt: Prompt, responseLength: number): void {
    if (prompt.images.length > 0 && !this.#capabilities.supported.has("images")) {
      throw new FoveaError(`prompt "${prompt.id}" has images, which ${this.#origin} does not take`);
    }
    const length = this.#encoder.promptLength(prompt);
    const { maximumContext } = this.#capabilities;
    if (length + responseLength <= maximumContext) return;
    throw new FoveaError(
      `the prompt "${prompt.id}" has ${length} tokens and its response up to ${responseLength}, but the model's context holds ${maximumContext}`,
    );
  }

  /** Responses behind their prompts, flat, in order. */
  async behind(requests: readonly ScoreRequest[]): Promise<PromptedResponse[]> {
    const groups = await Promise.all(
      requests.map(async ({ prompt, responses }) => {
        this.check(prompt, Math.max(0, ...responses.map((tokens) => tokens.length)));
        const encoded = await this.encode(prompt);
        return responses.map((tokens): PromptedResponse => ({ prompt: encoded, tokens }));
      }),
    );
    return groups.flat();
  }
}
