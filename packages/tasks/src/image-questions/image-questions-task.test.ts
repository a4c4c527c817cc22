import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Prompt } from "@fovea-rl/core";
import { describeTask } from "@fovea-rl/testkit";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import imageQuestions from "../image-questions.ts";
import { imageQuestionsOptionsSchema } from "./image-questions-options.ts";

const directory = mkdtempSync(join(tmpdir(), "fovea-questions-"));
afterAll(() => rmSync(directory, { recursive: true }));
mkdirSync(join(directory, "images"));

async function plain(name: string, width: number, height: number, background: string): Promise<void> {
  await sharp({ create: { width, height, channels: 4, background } }).toFile(join(directory, "images", name));
}
await plain("red.png", 3, 2, "#ff0000");
await plain("clear.png", 2, 2, "#00000000");
await plain("green.jpg", 16, 8, "#00ff00");
await plain("blue.webp", 4, 4, "#0000ff");

function write(name: string, lines: readonly unknown[]): string {
  const path = join(directory, name);
  writeFileSync(path, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
  return path;
}

const train = write("train.jsonl", [
  { id: "a", question: "What colour?", answer: "red", images: "images/red.png", family: "colour" },
  {
    question: "<image>Left or <image> right?",
    answer: "A",
    images: ["images/red.png", "images/green.jpg"],
    options: ["left", "right"],
  },
  "",
  { id: 7, question: "Then <image>?", answer: 3, images: ["images/clear.png", "images/blue.webp"] },
  { id: "d", question: "2 + 2?", answer: 4 },
]);
const heldOut = write("held-out.jsonl", [
  { id: "h", question: "What colour?", answer: "green", images: "images/green.jpg" },
]);

function open(options: Record<string, unknown> = {}, seed = 1) {
  return imageQuestions.create(imageQuestionsOptionsSchema.parse({ train, heldOut, ...options }), {
    seed,
    baseDirectory: directory,
  });
}

/** The train prompts of an epoch by their ids. */
async function epoch(seed: number, number: number, size = 4): Promise<Map<string, Prompt>> {
  const task = await open({}, seed);
  const prompts = await Promise.all(
    Array.from({ length: size }, (_, index) => task.prompt("train", number * size + index)),
  );
  return new Map(prompts.map((prompt) => [prompt.id, prompt]));
}

describeTask(imageQuestions, { options: { train, heldOut } });

describe("a question", () => {
  it("has its images where it marks them, and before it where it does not", async () => {
    const prompts = await epoch(1, 0);
    expect(prompts.get("a")!.messages[0]!.content).toEqual([
      { type: "image", index: 0 },
      { type: "text", text: "What colour?" },
    ]);
    expect(prompts.get("train.jsonl/2")!.messages[0]!.content).toEqual([
      { type: "image", index: 0 },
      { type: "text", text: "Left or " },
      { type: "image", index: 1 },
      { type: "text", text: " right?" },
    ]);
    expect(prompts.get("7")!.messages[0]!.content).toEqual([
      { type: "image", index: 0 },
      { type: "text", text: "Then " },
      { type: "image", index: 1 },
      { type: "text", text: "?" },
    ]);
    expect(prompts.get("d")).toMatchObject({ images: [], referenceAnswer: "4" });
  });

  it("keeps its answer, options and family", async () => {
    const prompts = await epoch(1, 0);
    expect(prompts.get("a")).toMatchObject({ referenceAnswer: "red", family: "colour" });
    expect(prompts.get("train.jsonl/2")).toMatchObject({ referenceAnswer: "A", options: ["left", "right"] });
  });

  it("shows PNG, JPEG and WebP as 8-bit RGB, transparency on white", async () => {
    const prompts = await epoch(1, 0);
    const [red, green] = prompts.get("train.jsonl/2")!.images;
    expect(red).toEqual({
      width: 3,
      height: 2,
      data: Uint8Array.from({ length: 18 }, (_, place) => (place % 3 === 0 ? 255 : 0)),
    });
    expect([green!.width, green!.height, green!.data.length]).toEqual([16, 8, 384]);
    const [clear, blue] = prompts.get("7")!.images;
    expect(new Set(clear!.data)).toEqual(new Set([255]));
    expect(blue!.data[2]).toBeGreaterThan(240);
  });

  it("takes a system message, an instruction, and the keys of files that call things otherwise", async () => {
    const other = write("other.jsonl", [
      { qid: "q", problem: "Why?", solution: "so", image: ["red.png"], category: "why" },
    ]);
    const task = await open({
      train: other,
      imageDirectory: "images",
      fields: { id: "qid", question: "problem", answer: "solution", images: "image", family: "category" },
      heldOut: write("other-held-out.jsonl", [{ qid: "r", problem: "Who?", solution: "she" }]),
      system: "Be brief.",
      instruction: "Answer in \\boxed{}.",
    });
    expect(await task.prompt("train", 0)).toMatchObject({
      id: "q",
      family: "why",
      referenceAnswer: "so",
      messages: [
        { role: "system", content: [{ type: "text", text: "Be brief." }] },
        { role: "user", content: [{ type: "image" }, { type: "text", text: "Why?\n\nAnswer in \\boxed{}." }] },
      ],
    });
  });
});

describe("an epoch", () => {
  it("has each question once, in another order than the last", async () => {
    const orders = await Promise.all([0, 1, 2, 3, 4, 5].map(async (number) => [...(await epoch(3, number)).keys()]));
    for (const order of orders) expect([...order].sort()).toEqual(["7", "a", "d", "train.jsonl/2"]);
    expect(new Set(orders.map(String)).size).toBeGreaterThan(1);
  });
});

describe("the fingerprint", () => {
  it("is another one where a question or the way of asking is, and the same elsewhere", async () => {
    const [one, same, other] = await Promise.all([open({}, 1), open({}, 2), open({ instruction: "Think." })]);
    expect(await same.fingerprint()).toBe(await one.fingerprint());
    expect(await other.fingerprint()).not.toBe(await one.fingerprint());
  });
});

describe("a file that cannot be used is refused by line and key", () => {
  it.each<[string, readonly unknown[], RegExp]>([
    ["no JSON", [{ question: "?", answer: 1 }, "{"], /bad\.jsonl:2 is not JSON/],
    ["no object", ["3"], /bad\.jsonl:1 must hold a JSON object/],
    ["no answer", [{ question: "?" }], /bad\.jsonl:1: "answer": /],
    [
      "an image that is not there",
      [{ question: "?", answer: 1, images: "none.png" }],
      /bad\.jsonl:1: there is no image .*none\.png/,
    ],
    [
      "more places than images",
      [{ question: "<image><image>", answer: 1, images: "images/red.png" }],
      /"question" has 2 places for images, and there are 1/,
    ],
    ["the same id twice", [{ id: "h", question: "?", answer: 1 }], /two questions have the id "h"/],
    [
      "a held-out question",
      [{ id: "x", question: "What colour?", answer: "green", images: "images/green.jpg" }],
      /the train question "x" is the held-out question "h"/,
    ],
    ["nothing", [""], /hold none/],
  ])("%s", (_, lines, message) => {
    expect(() => open({ train: write("bad.jsonl", lines) })).toThrow(message);
  });

  it("no file", () => {
    expect(() => open({ train: "nowhere.jsonl" })).toThrow(/the questions .*nowhere\.jsonl cannot be read/);
  });

  it("an image that is none", async () => {
    writeFileSync(join(directory, "images/broken.png"), "not a picture");
    const task = await open({
      train: write("broken.jsonl", [{ question: "?", answer: 1, images: "images/broken.png" }]),
    });
    await expect(task.prompt("train", 0)).rejects.toThrow(/the image .*broken\.png cannot be decoded/);
  });
});
