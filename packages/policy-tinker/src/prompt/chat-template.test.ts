import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message, Prompt } from "@fovea-rl/core";
import { afterAll, describe, expect, it } from "vitest";
import { readChatTemplate } from "./chat-template.ts";

const fixtures = join(import.meta.dirname, "../../fixtures");
const { conversations } = JSON.parse(readFileSync(join(fixtures, "qwen-conversations.json"), "utf8")) as {
  readonly conversations: readonly {
    readonly messages: readonly {
      readonly role: Message["role"];
      readonly content: readonly { readonly type: "text" | "image"; readonly text?: string }[];
    }[];
    readonly rendered: string;
  }[];
};

const directory = mkdtempSync(join(tmpdir(), "fovea-template-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A conversation as a prompt, whose images are counted through. */
function promptOf(messages: (typeof conversations)[number]["messages"]): Prompt {
  let images = 0;
  const image = { width: 1, height: 1, data: new Uint8Array(3) };
  const parsed = messages.map(({ role, content }) => ({
    role,
    content: content.map(({ type, text }) =>
      type === "image" ? { type: "image" as const, index: images++ } : { type: "text" as const, text: text! },
    ),
  }));
  return { id: "conversation", messages: parsed, images: new Array(images).fill(image), referenceAnswer: "" };
}

describe("a conversation for Qwen-VL", () => {
  it.each(conversations)(
    "is written as the model's own template writes it: $rendered",
    async ({ messages, rendered }) => {
      copyFileSync(join(fixtures, "qwen-chat-template.jinja"), join(directory, "chat_template.jinja"));
      const render = await readChatTemplate(directory, "<|image_pad|>");
      expect(render(promptOf(messages))).toBe(rendered);
    },
  );
});

describe("a template", () => {
  const hello = promptOf([{ role: "user", content: [{ type: "text", text: "Hello" }] }]);
  const TEMPLATE = "{{ bos_token }}{% for message in messages %}{{ message.content }}{% endfor %}";
  const inDirectory = (files: Record<string, unknown>) => {
    const place = mkdtempSync(join(directory, "model-"));
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(place, name), typeof content === "string" ? content : JSON.stringify(content));
    }
    return place;
  };

  it.each<[string, Record<string, unknown>]>([
    ["chat_template.jinja", { "chat_template.jinja": TEMPLATE, "chat_template.json": { chat_template: "other" } }],
    ["chat_template.json", { "chat_template.json": { chat_template: TEMPLATE } }],
    ["the default of several in tokenizer_config.json", {}],
  ])("is found in %s, with the special tokens that the tokenizer names", async (_, files) => {
    const several = [
      { name: "tool_use", template: "other" },
      { name: "default", template: TEMPLATE },
    ];
    const place = inDirectory({
      "tokenizer_config.json": { bos_token: { content: "<s>" }, chat_template: several },
      ...files,
    });
    expect((await readChatTemplate(place, undefined))(hello)).toBe("<s>Hello");
  });

  it("that is missing, broken or unwilling is told by its directory and the prompt", async () => {
    const none = inDirectory({});
    await expect(readChatTemplate(none, undefined)).rejects.toThrow(`${none} has no chat template`);
    const broken = inDirectory({ "chat_template.jinja": "{% for %}" });
    await expect(readChatTemplate(broken, undefined)).rejects.toThrow(
      `the chat template of ${broken} cannot be parsed`,
    );
    const unwilling = inDirectory({ "chat_template.jinja": "{{ raise_exception('no system message, please') }}" });
    const render = await readChatTemplate(unwilling, undefined);
    expect(() => render(hello)).toThrow(/refuses the prompt "conversation": .*no system message, please/);
  });
});
