import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Image, Message, Prompt } from "@fovea-rl/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModelConfig } from "./model-config.ts";
import { readTokenizer } from "./tokenizer.ts";

const special = ["<unk>", "<|im_start|>", "<end_of_utterance>", "<fake_token_around_image>", "<global-img>", "<image>"];
const words = ["User", ":", "Assistant", "Ċ", "What", "Ġis", "Ġit", "?", "Ġ", "1", "2", "Ã", "©"];
const idOf = (token: string): number => [...special, ...words].indexOf(token);

/** Byte-level, like SmolLM2's tokenizer; every word is a token, and bytes of no word are unknown. */
const tokenizerJson = {
  version: "1.0",
  added_tokens: special.map((content, id) => ({
    id,
    content,
    special: true,
    normalized: false,
    lstrip: false,
    rstrip: false,
  })),
  normalizer: null,
  post_processor: null,
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [
      { type: "Digits", individual_digits: true },
      { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    ],
  },
  decoder: { type: "ByteLevel" },
  model: {
    type: "BPE",
    unk_token: "<unk>",
    ignore_merges: true,
    vocab: Object.fromEntries([...special, ...words].map((token, id) => [token, id])),
    merges: [],
  },
};

/** As SmolVLM2's. */
const chatTemplate =
  "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}" +
  "{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}" +
  "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}" +
  "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}" +
  "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}";

const config = {
  text: { vocabularySize: 19 },
  vision: {},
  imageTokens: 3,
  imageTokenId: 5,
  eosTokenIds: [2],
} as unknown as ModelConfig;

const image: Image = { width: 1, height: 1, data: new Uint8Array(3) };

function prompt(content: Message["content"], images: readonly Image[] = [image]): Prompt {
  return { id: "p", messages: [{ role: "user", content }], images, referenceAnswer: "" };
}

let directory: string;
const write = (name: string, content: unknown): void =>
  writeFileSync(join(directory, name), typeof content === "string" ? content : JSON.stringify(content));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fovea-tokenizer-"));
  write("tokenizer.json", tokenizerJson);
  write("tokenizer_config.json", { unk_token: "<unk>", chat_template: chatTemplate });
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("a prompt", () => {
  it("becomes the tokens of the chat template, each image framed and expanded to its tokens", async () => {
    const tokenizer = await readTokenizer(directory, config);
    const encoded = tokenizer.encodePrompt(
      prompt([
        { type: "image", index: 0 },
        { type: "text", text: "What is it?" },
      ]),
    );
    const expected = [
      ...["<|im_start|>", "User", ":", "<fake_token_around_image>", "<global-img>", "<image>", "<image>", "<image>"],
      ...["<fake_token_around_image>", "What", "Ġis", "Ġit", "?", "<end_of_utterance>", "Ċ", "Assistant", ":"],
    ];
    expect([...encoded.tokens]).toEqual(expected.map(idOf));
    expect(encoded.imageOrder).toEqual([0]);
  });

  it("keeps the order in which its messages place the images", async () => {
    const tokenizer = await readTokenizer(directory, config);
    const content = [
      { type: "image", index: 1 } as const,
      { type: "text", text: "?" } as const,
      { type: "image", index: 0 } as const,
    ];
    const encoded = tokenizer.encodePrompt(prompt(content, [image, image]));
    expect(encoded.imageOrder).toEqual([1, 0]);
    expect([...encoded.tokens].filter((id) => id === 5)).toHaveLength(6);
  });

  it("has bare image tokens where the vocabulary has no frame for them", async () => {
    const bare = JSON.parse(JSON.stringify(tokenizerJson).replaceAll("<global-img>", "<other>"));
    write("tokenizer.json", bare);
    const tokenizer = await readTokenizer(directory, config);
    const encoded = tokenizer.encodePrompt(prompt([{ type: "image", index: 0 }]));
    expect([...encoded.tokens].slice(0, 7)).toEqual([1, idOf("User"), idOf(":"), 5, 5, 5, 2]);
  });

  it.each([
    [prompt([{ type: "image", index: 1 }]), /"p" places image 1, but has 1 images/],
    [prompt([{ type: "text", text: "?" }]), /"p" has image 0, but no message places it/],
    [
      prompt([
        { type: "image", index: 0 },
        { type: "text", text: "<image>" },
      ]),
      /has the text "<image>"/,
    ],
    [prompt([{ type: "text", text: "Zebra" }], []), /outside the tokenizer's vocabulary: .*Zebra/],
  ])("that cannot be encoded faithfully is refused (%#)", async (wrong, message) => {
    const tokenizer = await readTokenizer(directory, config);
    expect(() => tokenizer.encodePrompt(wrong)).toThrow(message);
  });

  it("with an image is refused by a model without vision", async () => {
    const { vision: _, ...text } = config;
    const tokenizer = await readTokenizer(directory, { ...text, imageTokens: 0 });
    expect(() => tokenizer.encodePrompt(prompt([{ type: "image", index: 0 }]))).toThrow(/no vision part/);
  });
});

describe("tokens", () => {
  it("decode to text without special tokens, and to nothing where there is no such token", async () => {
    const tokenizer = await readTokenizer(directory, config);
    expect(tokenizer.decode(Int32Array.of(...["What", "Ġis", "Ġ", "1", "2"].map(idOf), 2, 18, 4000))).toBe(
      "What is 12\ufffd",
    );
    expect(tokenizer.decode(Int32Array.of(2, 4000))).toBe("");
    expect([...tokenizer.encode("What is 12")]).toEqual(["What", "Ġis", "Ġ", "1", "2"].map(idOf));
    expect(tokenizer.encode("")).toHaveLength(0);
  });

  it("have texts of their own", async () => {
    const tokenizer = await readTokenizer(directory, config);
    expect(tokenizer.tokenTexts(Int32Array.of(idOf("Ġis"), 2, idOf("1"), 4000))).toEqual([
      " is",
      "<end_of_utterance>",
      "1",
      "",
    ]);
  });
});

describe("a checkpoint's tokenizer files", () => {
  it("say what ends a response: generation_config.json first, config.json otherwise", async () => {
    expect((await readTokenizer(directory, config)).stopTokenIds).toEqual(new Set([2]));
    write("generation_config.json", { eos_token_id: [2, 0] });
    expect((await readTokenizer(directory, config)).stopTokenIds).toEqual(new Set([2, 0]));
    write("generation_config.json", { eos_token_id: 19 });
    await expect(readTokenizer(directory, config)).rejects.toThrow(/eos_token_id is 19; it must be token ids below 19/);
  });

  it("may hold the chat template in any of transformers' three places", async () => {
    write("chat_template.json", { chat_template: "{{ 'User' }}" });
    const text = prompt([{ type: "text", text: "?" }], []);
    expect([...(await readTokenizer(directory, config)).encodePrompt(text).tokens]).toEqual([idOf("User")]);
    write("chat_template.jinja", "{{ 'Assistant' }}");
    expect([...(await readTokenizer(directory, config)).encodePrompt(text).tokens]).toEqual([idOf("Assistant")]);
  });

  it.each([
    [
      "a missing tokenizer.json",
      () => rmSync(join(directory, "tokenizer.json")),
      /tokenizer\.json: there is no such file/,
    ],
    ["a broken tokenizer.json", () => write("tokenizer.json", "{"), /tokenizer\.json is not JSON/],
    ["no chat template", () => write("tokenizer_config.json", {}), /has no chat template/],
    ["a broken chat template", () => write("chat_template.jinja", "{% for %}"), /cannot be parsed/],
  ])("are refused with %s", async (_, breakIt, message) => {
    breakIt();
    await expect(readTokenizer(directory, config)).rejects.toThrow(message);
  });

  it("are refused where they do not fit the model", async () => {
    await expect(readTokenizer(directory, { ...config, imageTokenId: 7 })).rejects.toThrow(
      /"<image>" the id 5; .* is 7/,
    );
    const small = { ...config, text: { ...config.text, vocabularySize: 18 } };
    await expect(readTokenizer(directory, small)).rejects.toThrow(
      /"©" has the id 18; the model's vocabulary ends at 17/,
    );
  });
});
