import { FoveaError, type Prompt } from "@fovea-rl/core";
import { Template } from "@huggingface/jinja";
import { readModelJson, readModelText } from "./model-directory.ts";

/** Renders a prompt's messages, ready for the assistant's answer. */
export type RenderChat = (prompt: Prompt) => string;

function templateOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  const named: unknown = value.find((item) => section(item)["name"] === "default");
  const { template } = section(named);
  return typeof template === "string" ? template : undefined;
}

function section(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function specialTokens(config: Record<string, unknown>): Record<string, string> {
  const texts = Object.entries(config)
    .filter(([name]) => name.endsWith("_token"))
    .map(([name, value]) => [name, typeof value === "string" ? value : section(value)["content"]] as const);
  return Object.fromEntries(texts.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/**
 * Reads `chat_template.jinja`, else `chat_template.json`, else `tokenizer_config.json`.
 *
 * @param imagePlaceholder what the template writes for each image; texts must not hold it.
 * @throws FoveaError if there is none or it cannot be parsed.
 */
export async function readChatTemplate(directory: string, imagePlaceholder: string | undefined): Promise<RenderChat> {
  const config = (await readModelJson(directory, "tokenizer_config.json")) ?? {};
  const source =
    (await readModelText(directory, "chat_template.jinja")) ??
    templateOf((await readModelJson(directory, "chat_template.json"))?.["chat_template"]) ??
    templateOf(config["chat_template"]);
  if (source === undefined) throw new FoveaError(`${directory} has no chat template (chat_template.jinja)`);
  let template: Template;
  try {
    template = new Template(source);
  } catch (error) {
    throw new FoveaError(`the chat template of ${directory} cannot be parsed: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const specials = specialTokens(config);

  return (prompt) => {
    const parts = prompt.messages.flatMap(({ content }) => content);
    if (imagePlaceholder !== undefined) {
      const offender = parts.find((part) => part.type === "text" && part.text.includes(imagePlaceholder));
      if (offender !== undefined) {
        throw new FoveaError(
          `the prompt "${prompt.id}" has the text "${imagePlaceholder}"; place images as image parts`,
        );
      }
    }
    const messages = prompt.messages.map(({ role, content }) => ({
      role,
      // Templates of text models take strings alone.
      content:
        imagePlaceholder === undefined
          ? content.map((part) => (part.type === "text" ? part.text : "")).join("")
          : content.map((part) => (part.type === "image" ? { type: "image" } : { type: "text", text: part.text })),
    }));
    try {
      return template.render({ messages, add_generation_prompt: true, ...specials });
    } catch (error) {
      const reason = (error as Error).message;
      throw new FoveaError(`the chat template of ${directory} refuses the prompt "${prompt.id}": ${reason}`, {
        cause: error,
      });
    }
  };
}
