import { join } from "node:path";
import { FoveaError, type Prompt } from "@fovea-rl/core";
import { Tokenizer as TokenizerModel } from "@huggingface/tokenizers";
import { type ChatTemplate, IMAGE_PLACEHOLDER, readChatTemplate } from "./chat-template.ts";
import { readCheckpointJson } from "./checkpoint-json.ts";
import type { ModelConfig } from "./model-config.ts";

/** A prompt as the model takes it. P is its number of tokens. */
export interface EncodedPrompt {
  /** `[P]`, with `imageTokens` image tokens for each image part. */
  readonly tokens: Int32Array;
  /** Which of the prompt's images stands at each run of image tokens, in their order. */
  readonly imageOrder: readonly number[];
}

export interface Tokenizer {
  /** Tokens that end a response. */
  readonly stopTokenIds: ReadonlySet<number>;
  encodePrompt(prompt: Prompt): EncodedPrompt;
  /** Token ids of plain text, without any added at its ends. */
  encode(text: string): Int32Array;
  /** Text of tokens, special ones left out. Total: an id without a token is left out too. */
  decode(tokens: Int32Array): string;
  /** `[T]` to `[T]`: each token's text by itself, special ones included; a token may be a part of a character. */
  tokenTexts(tokens: Int32Array): readonly string[];
}

/** generation_config.json says what ends a response, where there is one; config.json otherwise. */
async function readStopTokenIds(directory: string, config: ModelConfig): Promise<ReadonlySet<number>> {
  const value = (await readCheckpointJson(directory, "generation_config.json"))?.["eos_token_id"];
  if (value === undefined || value === null) return new Set(config.eosTokenIds);
  const ids: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isId = (id: unknown): id is number =>
    typeof id === "number" && Number.isInteger(id) && id >= 0 && id < config.text.vocabularySize;
  if (ids.length === 0 || !ids.every(isId)) {
    throw new FoveaError(
      `${join(directory, "generation_config.json")}: eos_token_id is ${JSON.stringify(value)}; it must be token ids below ${config.text.vocabularySize}`,
    );
  }
  return new Set(ids as number[]);
}

/**
 * Reads a checkpoint's `tokenizer.json`, `tokenizer_config.json`, chat template and `generation_config.json`.
 *
 * @throws FoveaError naming what is missing or does not fit the model: a token id beyond its vocabulary, another id for
 * `<image>` than the config's.
 */
export async function readTokenizer(directory: string, config: ModelConfig): Promise<Tokenizer> {
  const path = join(directory, "tokenizer.json");
  const json = await readCheckpointJson(directory, "tokenizer.json");
  if (json === undefined) throw new FoveaError(`cannot read ${path}: there is no such file`);
  const tokenizerConfig = (await readCheckpointJson(directory, "tokenizer_config.json")) ?? {};
  let model: TokenizerModel;
  try {
    model = new TokenizerModel(json, tokenizerConfig);
  } catch (error) {
    throw new FoveaError(`${path} cannot be used: ${(error as Error).message}`, { cause: error });
  }
  for (const [token, id] of model.get_vocab(true)) {
    if (id >= config.text.vocabularySize) {
      throw new FoveaError(
        `${path}: "${token}" has the id ${id}; the model's vocabulary ends at ${config.text.vocabularySize - 1}`,
      );
    }
  }
  const imageTokenId = model.token_to_id(IMAGE_PLACEHOLDER);
  if (config.vision !== undefined && imageTokenId !== config.imageTokenId) {
    throw new FoveaError(
      `${path} gives "${IMAGE_PLACEHOLDER}" the id ${imageTokenId ?? "none"}; config.json's image_token_id is ${config.imageTokenId}`,
    );
  }
  return createTokenizer(
    model,
    await readChatTemplate(directory),
    await readStopTokenIds(directory, config),
    config.imageTokens,
  );
}

function createTokenizer(
  model: TokenizerModel,
  chatTemplate: ChatTemplate,
  stopTokenIds: ReadonlySet<number>,
  imageTokens: number,
): Tokenizer {
  // SmolVLM frames an image that is not split into tiles; the tokens around it are left out where the vocabulary lacks them.
  const isFramed = ["<fake_token_around_image>", "<global-img>"].every(
    (token) => model.token_to_id(token) !== undefined,
  );
  const run = IMAGE_PLACEHOLDER.repeat(imageTokens);
  const expansion = isFramed ? `<fake_token_around_image><global-img>${run}<fake_token_around_image>` : run;
  const unknownToken = model.model?.unk_token;
  const unknownId = unknownToken === undefined ? undefined : model.token_to_id(unknownToken);

  function encode(text: string): Int32Array {
    return text === "" ? new Int32Array(0) : Int32Array.from(model.encode(text, { add_special_tokens: false }).ids);
  }

  function encodePrompt(prompt: Prompt): EncodedPrompt {
    const parts = prompt.messages.flatMap(({ content }) => content);
    const imageOrder = parts.flatMap((part) => (part.type === "image" ? [part.index] : []));
    for (const index of imageOrder) {
      if (prompt.images[index] === undefined) {
        throw new FoveaError(`the prompt "${prompt.id}" places image ${index}, but has ${prompt.images.length} images`);
      }
    }
    if (imageOrder.length > 0 && imageTokens === 0) {
      throw new FoveaError(`the prompt "${prompt.id}" holds an image, but the model has no vision part`);
    }
    const unplaced = prompt.images.findIndex((_, index) => !imageOrder.includes(index));
    if (unplaced !== -1)
      throw new FoveaError(`the prompt "${prompt.id}" has image ${unplaced}, but no message places it`);
    const text = chatTemplate.render(prompt).split(IMAGE_PLACEHOLDER).join(expansion);
    const tokens = encode(text);
    if (unknownId !== undefined && tokens.includes(unknownId) && !text.includes(unknownToken!)) {
      throw new FoveaError(
        `the prompt "${prompt.id}" holds text outside the tokenizer's vocabulary: ${JSON.stringify(chatTemplate.render(prompt))}`,
      );
    }
    return { tokens, imageOrder };
  }

  function decodeIds(ids: readonly number[], skipSpecial: boolean): string {
    const known = ids.filter((id) => model.id_to_token(id) !== undefined);
    if (known.length === 0) return "";
    return model.decode(known, { skip_special_tokens: skipSpecial, clean_up_tokenization_spaces: false });
  }

  return {
    stopTokenIds,
    encodePrompt,
    encode,
    decode: (tokens) => decodeIds([...tokens], true),
    tokenTexts: (tokens) => Array.from(tokens, (id) => decodeIds([id], false)),
  };
}
