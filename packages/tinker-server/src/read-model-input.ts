import { createHash } from "node:crypto";
import type { Image } from "@fovea-rl/core";
import type { ModelInput, ModelInputChunk } from "@fovea-rl/tinker-protocol";
import { decodeImage } from "./decode-image.ts";
import { RequestError } from "./request-error.ts";

/** A model input as the engine takes it. */
export interface FlatInput {
  /** `[L]`, each image as a run of image tokens. */
  readonly tokens: Int32Array;
  readonly images: readonly Image[];
  /** Tokens up to the end of the last image; 0 without images. */
  readonly imageEnd: number;
  /** `[chunks + 1]` where each chunk starts, and L. */
  readonly starts: readonly number[];
  /** Tells inputs apart. */
  readonly digest: string;
}

export interface ImageTokens {
  readonly id: number | undefined;
  /** Tokens an image; 0 where the model takes none. */
  readonly count: number;
}

/** Reads inputs, decoding each image once for as long as it is among the latest. */
export class ModelInputReader {
  readonly #imageTokens: ImageTokens;
  readonly #images = new Map<string, Image>();
  readonly #capacity: number;

  constructor(imageTokens: ImageTokens, capacity = 512) {
    this.#imageTokens = imageTokens;
    this.#capacity = capacity;
  }

  async #image(data: string, format: "png" | "jpeg"): Promise<{ image: Image; digest: string }> {
    const digest = createHash("sha256").update(data).digest("hex");
    const known = this.#images.get(digest);
    const image = known ?? (await decodeImage(data, format));
    this.#images.delete(digest);
    this.#images.set(digest, image);
    if (this.#images.size > this.#capacity) this.#images.delete(this.#images.keys().next().value!);
    return { image, digest };
  }

  /** @throws RequestError 400 naming the chunk that this model cannot take. */
  async read({ chunks }: ModelInput): Promise<FlatInput> {
    const tokens: number[] = [];
    const images: Image[] = [];
    const starts = [0];
    let imageEnd = 0;
    const hash = createHash("sha256");
    for (const [index, chunk] of chunks.entries()) {
      if (chunk.type === "encoded_text") {
        if (this.#imageTokens.id !== undefined && chunk.tokens.includes(this.#imageTokens.id)) {
          throw new RequestError(400, `chunk ${index} holds image tokens as text; send an image chunk`);
        }
        for (const token of chunk.tokens) tokens.push(token);
        hash.update(`t${chunk.tokens.join(",")};`);
      } else {
        const { image, digest } = await this.#readImage(chunk, index);
        images.push(image);
        hash.update(`i${digest};`);
        for (let count = 0; count < this.#imageTokens.count; count++) tokens.push(this.#imageTokens.id!);
        imageEnd = tokens.length;
      }
      starts.push(tokens.length);
    }
    if (tokens.length === 0) throw new RequestError(400, "the model input is empty");
    return { tokens: Int32Array.from(tokens), images, imageEnd, starts, digest: hash.digest("hex") };
  }

  /**
   * Where an input's scored part begins. Said by `prefixChunks`; else the prefix is as short as the engine can have it: one token,
   * or all up to the last image. Inputs with the same digest share their prefix.
   *
   * @throws RequestError 400 if the prefix leaves an image out, or there are not so many chunks.
   */
  async readPrefix(
    { chunks }: ModelInput,
    input: FlatInput,
    prefixChunks: number | undefined,
  ): Promise<{ readonly length: number; readonly digest: string }> {
    const shortest = Math.max(1, input.imageEnd);
    if (prefixChunks === undefined) return { length: shortest, digest: `${input.digest}:${shortest}` };
    const length = input.starts[prefixChunks];
    if (length === undefined) {
      throw new RequestError(400, `fovea_prefix_chunks is ${prefixChunks}, but there are ${chunks.length} chunks`);
    }
    if (length < shortest) throw new RequestError(400, "fovea_prefix_chunks leaves an image outside the prefix");
    return { length, digest: (await this.read({ chunks: chunks.slice(0, prefixChunks) })).digest };
  }

  #readImage(
    chunk: Exclude<ModelInputChunk, { type: "encoded_text" }>,
    index: number,
  ): Promise<{ image: Image; digest: string }> {
    const { count } = this.#imageTokens;
    if (count === 0) throw new RequestError(400, `chunk ${index} is an image, but the model takes text alone`);
    if (chunk.type === "image_asset_pointer") {
      throw new RequestError(400, `chunk ${index} points to an image elsewhere; send its data`);
    }
    const expected = chunk.expected_tokens ?? count;
    if (expected !== count) {
      throw new RequestError(
        400,
        `chunk ${index} expects ${expected} tokens for its image; here an image takes ${count}`,
      );
    }
    return this.#image(chunk.data, chunk.format);
  }
}
