import { join } from "node:path";
import { FoveaError, type Image, type Prompt } from "@fovea-rl/core";
import type { ImageChunk, ModelInputChunk } from "@fovea-rl/tinker-protocol";
import { Tokenizer } from "@huggingface/tokenizers";
import { type RenderChat, readChatTemplate } from "./chat-template.ts";
import { readModelJson } from "./model-directory.ts";
import { type ModelFamily, type PixelBounds, readModelFamily } from "./model-family.ts";

/** A prompt as requests carry it. P is its number of tokens. */
export interface EncodedPrompt {
  readonly chunks: readonly ModelInputChunk[];
  /** `[P]`, each image as a run of image tokens. */
  readonly tokens: Int32Array;
}

/** What the client knows of the model: its words, its images, its way to be asked. */
export interface PromptEncoder {
  readonly family: ModelFamily;
  readonly vocabularySize: number;
  /** Tokens that end a response. */
  readonly stopTokenIds: ReadonlySet<number>;
  encode(prompt: Prompt): Promise<EncodedPrompt>;
  /** Number of tokens, without encoding the images. */
  promptLength(prompt: Prompt): number;
  /** Text of tokens, special ones left out. Total. */
  decode(tokens: Int32Array): string;
  tokenTexts(tokens: Int32Array): readonly string[];
}

async function readStopTokenIds(directory: string, tokenizer: Tokenizer): Promise<ReadonlySet<number>> {
  const value = (await readModelJson(directory, "generation_config.json"))?.["eos_token_id"];
  const ids = (Array.isArray(value) ? value : [value]).filter((id): id is number => Number.isInteger(id));
  if (ids.length > 0) return new Set(ids);
  const { eos_token: eos } = (await readModelJson(directory, "tokenizer_config.json")) ?? {};
  const text = typeof eos === "object" && eos !== null && "content" in eos ? eos.content : eos;
  const id = typeof text === "string" ? tokenizer.token_to_id(text) : undefined;
  if (id === undefined) {
    throw new FoveaError(
      `${directory}: neither generation_config.json nor tokenizer_config.json says what ends a response`,
    );
  }
  return new Set([id]);
}

/** Text and image tokens of a prompt, in order; images by their index. */
interface Layout {
  readonly tokens: readonly number[];
  /** Where each placeholder stands, and which image it stands for. */
  readonly imagePlaces: readonly { readonly place: number; readonly image: Image }[];
}

/**
 * Reads config.json, the tokenizer, the chat template, generation_config.json and preprocessor_config.json of a model.
 *
 * @throws FoveaError naming the file that is missing or cannot be used.
 */
export async function readPromptEncoder(directory: string, bounds: PixelBounds = {}): Promise<PromptEncoder> {
  const family = await readModelFamily(directory, bounds);
  const json = await readModelJson(directory, "tokenizer.json");
  if (json === undefined)
    throw new FoveaError(`cannot read ${join(directory, "tokenizer.json")}: there is no such file`);
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(json, (await readModelJson(directory, "tokenizer_config.json")) ?? {});
  } catch (error) {
    throw new FoveaError(`${join(directory, "tokenizer.json")} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const render = await readChatTemplate(directory, family.imagePlaceholder);
  const stopTokenIds = await readStopTokenIds(directory, tokenizer);
  return createPromptEncoder(directory, family, tokenizer, render, stopTokenIds);
}

function createPromptEncoder(
  directory: string,
  family: ModelFamily,
  tokenizer: Tokenizer,
  render: RenderChat,
  stopTokenIds: ReadonlySet<number>,
): PromptEncoder {
  const { imagePlaceholder: placeholder, frame } = family;
  const placeholderId = placeholder === undefined ? undefined : tokenizer.token_to_id(placeholder);
  if (placeholder !== undefined && placeholderId === undefined) {
    throw new FoveaError(
      `${join(directory, "tokenizer.json")} lacks the token ${placeholder}, which stands for images`,
    );
  }
  const isFramed = frame?.flat().every((token) => tokenizer.token_to_id(token) !== undefined) ?? false;
  const [before, after] = isFramed ? frame! : [[], []];
  const chunks = new WeakMap<Image, Promise<ImageChunk>>();
  const unknown = tokenizer.model?.unk_token;
  const unknownId = unknown === undefined ? undefined : tokenizer.token_to_id(unknown);

  function layOut(prompt: Prompt): Layout {
    const order = prompt.messages.flatMap(({ content }) =>
      content.flatMap((part) => (part.type === "image" ? [part.index] : [])),
    );
    if (order.length > 0 && family.images === undefined) {
      throw new FoveaError(`the prompt "${prompt.id}" holds an image, but the model takes text alone`);
    }
    const unplaced = prompt.images.findIndex((_, index) => !order.includes(index));
    if (unplaced >= 0)
      throw new FoveaError(`the prompt "${prompt.id}" has image ${unplaced}, but no message places it`);
    let text = render(prompt);
    if (placeholder !== undefined) text = text.split(placeholder).join([...before, placeholder, ...after].join(""));
    const tokens: readonly number[] = text === "" ? [] : tokenizer.encode(text, { add_special_tokens: false }).ids;
    if (unknownId !== undefined && tokens.includes(unknownId) && !text.includes(unknown!)) {
      throw new FoveaError(`the prompt "${prompt.id}" holds text outside the vocabulary: ${JSON.stringify(text)}`);
    }
    const places = tokens.flatMap((token, place) => (token === placeholderId ? [place] : []));
    if (places.length !== order.length) {
      throw new FoveaError(
        `the chat template of ${directory} gives the prompt "${prompt.id}" ${places.length} places for ${order.length} images`,
      );
    }
    const imagePlaces = places.map((place, index) => {
      const image = prompt.images[order[index]!];
      if (image === undefined) {
        throw new FoveaError(
          `the prompt "${prompt.id}" places image ${order[index]}, but has ${prompt.images.length} images`,
        );
      }
      return { place, image };
    });
    return { tokens, imagePlaces };
  }

  function encodeImage(image: Image): Promise<ImageChunk> {
    const known = chunks.get(image) ?? family.images!.encode(image);
    chunks.set(image, known);
    return known;
  }

  async function encode(prompt: Prompt): Promise<EncodedPrompt> {
    const { tokens, imagePlaces } = layOut(prompt);
    const output: ModelInputChunk[] = [];
    const flat: number[] = [];
    let start = 0;
    const addText = (end: number) => {
      if (end <= start) return;
      const run = tokens.slice(start, end);
      output.push({ type: "encoded_text", tokens: run });
      flat.push(...run);
    };
    for (const { place, image } of imagePlaces) {
      addText(place);
      output.push(await encodeImage(image));
      flat.push(...new Array<number>(family.images!.tokens(image)).fill(placeholderId!));
      start = place + 1;
    }
    addText(tokens.length);
    // The first response token is scored by what follows the prompt's last one: there must be one.
    if (flat.length === 0) throw new FoveaError(`the prompt "${prompt.id}" is empty`);
    return { chunks: output, tokens: Int32Array.from(flat) };
  }

  function decodeIds(ids: readonly number[], skipSpecial: boolean): string {
    const known = ids.filter((id) => tokenizer.id_to_token(id) !== undefined);
    if (known.length === 0) return "";
    return tokenizer.decode(known, { skip_special_tokens: skipSpecial, clean_up_tokenization_spaces: false });
  }

  return {
    family,
    vocabularySize: tokenizer.get_vocab(true).size,
    stopTokenIds,
    encode,
    promptLength(prompt) {
      const { tokens, imagePlaces } = layOut(prompt);
      return imagePlaces.reduce((length, { image }) => length + family.images!.tokens(image) - 1, tokens.length);
    },
    decode: (tokens) => decodeIds([...tokens], true),
    tokenTexts: (tokens) => Array.from(tokens, (id) => decodeIds([id], false)),
  };
}
