import { FoveaError, type Image, type Prompt } from "@fovea-rl/core";
import type { Executor } from "./executor.ts";
import type { ImageProcessor } from "./image-processor.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ModelPrompt } from "./token-batch.ts";
import type { EncodedPrompt, Tokenizer } from "./tokenizer.ts";

/** What prompts are encoded by. */
export interface PromptEncoding {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  /** `undefined` where the model has no vision part. */
  readonly imageProcessor: ImageProcessor | undefined;
  /** Who will read the pixels. */
  readonly executor: Pick<Executor, "allocate">;
}

/** Prompts as the model takes them. What was encoded once is known for as long as the prompt's parts live. */
export class PromptEncoder {
  readonly #encoding: PromptEncoding;
  readonly #pixelValues = new WeakMap<Image, Float32Array>();
  /** Prompts of tokens that somebody gave. */
  readonly #givenPrompts = new WeakMap<Prompt, EncodedPrompt>();
  /** Others, by their messages: with other images in the same places, such as perturbed ones, a prompt has the same tokens. */
  readonly #encodedMessages = new WeakMap<
    Prompt["messages"],
    { readonly images: number; readonly encoded: EncodedPrompt }
  >();

  constructor(encoding: PromptEncoding) {
    this.#encoding = encoding;
  }

  /** As {@link TfjsPolicy.promptOfTokens}. */
  promptOfTokens(id: string, tokens: Int32Array, images: readonly Image[]): Prompt {
    const { imageTokenId, imageTokens, text } = this.#encoding.config;
    const placeholders = tokens.reduce((count, token) => count + (token === imageTokenId ? 1 : 0), 0);
    if (placeholders !== images.length * imageTokens) {
      throw new FoveaError(
        `the prompt "${id}" holds ${placeholders} image tokens for ${images.length} images of ${imageTokens} tokens each`,
      );
    }
    const unknown = tokens.find((token) => token < 0 || token >= text.vocabularySize);
    if (unknown !== undefined) {
      throw new FoveaError(
        `the prompt "${id}" holds the token ${unknown}; the vocabulary ends at ${text.vocabularySize - 1}`,
      );
    }
    const prompt: Prompt = { id, messages: [], images, referenceAnswer: "" };
    this.#givenPrompts.set(prompt, { tokens, imageOrder: [...images.keys()] });
    return prompt;
  }

  /** A prompt's tokens, and the order of its images. */
  tokens(prompt: Prompt): EncodedPrompt {
    const given = this.#givenPrompts.get(prompt);
    if (given !== undefined) return given;
    const known = this.#encodedMessages.get(prompt.messages);
    if (known?.images === prompt.images.length) return known.encoded;
    const encoded = this.#encoding.tokenizer.encodePrompt(prompt);
    this.#encodedMessages.set(prompt.messages, { images: prompt.images.length, encoded });
    return encoded;
  }

  /**
   * @param responseLength the most tokens that are to follow.
   * @throws FoveaError if prompt and response do not fit the model's positions.
   */
  async encode(prompt: Prompt, responseLength: number): Promise<ModelPrompt> {
    const { tokens, imageOrder } = this.tokens(prompt);
    const { maximumPositions } = this.#encoding.config.text;
    if (tokens.length + responseLength > maximumPositions) {
      throw new FoveaError(
        `the prompt "${prompt.id}" has ${tokens.length} tokens and its response up to ${responseLength}, but the model's context holds ${maximumPositions}`,
      );
    }
    return { tokens, pixelValues: await Promise.all(imageOrder.map((index) => this.#pixels(prompt.images[index]!))) };
  }

  async #pixels(image: Image): Promise<Float32Array> {
    const known = this.#pixelValues.get(image);
    if (known !== undefined) return known;
    const values = await this.#encoding.imageProcessor!.process(image, (size) =>
      this.#encoding.executor.allocate(size),
    );
    this.#pixelValues.set(image, values);
    return values;
  }
}
