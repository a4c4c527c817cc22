import { FoveaError, type Prompt } from "@fovea-rl/core";
import { Template } from "@huggingface/jinja";
import { readCheckpointJson, readCheckpointText } from "./checkpoint-json.ts";

/** What an image part becomes in a rendered conversation, before it is expanded to the image's tokens. */
export const IMAGE_PLACEHOLDER = "<image>";

/** Renders a prompt's messages to the text that the model was trained on, ready for the assistant's answer. */
export interface ChatTemplate {
  /** @returns text with one {@link IMAGE_PLACEHOLDER} per image part, in the order of the messages. */
  render(prompt: Prompt): string;
}

function tokenText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null && "content" in value && typeof value.content === "string") {
    return value.content;
  }
  return undefined;
}

/** The template named "default" where the file holds several. */
function templateSource(value: unknown, place: string): string | undefined {
  if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
  if (Array.isArray(value)) {
    const found: unknown = value.find((item) => item?.name === "default")?.template;
    if (typeof found === "string") return found;
  }
  throw new FoveaError(`${place}: "chat_template" must be a template or a list with one named "default"`);
}

function placeholders(text: string): number {
  return text.split(IMAGE_PLACEHOLDER).length - 1;
}

/**
 * Reads a checkpoint's chat template: `chat_template.jinja`, else `chat_template.json`, else `tokenizer_config.json`.
 *
 * @throws FoveaError if there is none or it cannot be parsed.
 */
export async function readChatTemplate(directory: string): Promise<ChatTemplate> {
  const config = (await readCheckpointJson(directory, "tokenizer_config.json")) ?? {};
  const source =
    (await readCheckpointText(directory, "chat_template.jinja")) ??
    templateSource(
      (await readCheckpointJson(directory, "chat_template.json"))?.["chat_template"],
      "chat_template.json",
    ) ??
    templateSource(config["chat_template"], "tokenizer_config.json");
  if (source === undefined) {
    throw new FoveaError(
      `${directory} has no chat template: it needs chat_template.jinja, or "chat_template" in tokenizer_config.json`,
    );
  }
  let template: Template;
  try {
    template = new Template(source);
  } catch (error) {
    throw new FoveaError(`the chat template of ${directory} cannot be parsed: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const specialTokens = Object.fromEntries(
    Object.entries(config)
      .filter(([name]) => name.endsWith("_token"))
      .map(([name, value]) => [name, tokenText(value)])
      .filter(([, text]) => text !== undefined),
  );

  function render(prompt: Prompt): string {
    const images = prompt.messages.flatMap(({ content }) => content.filter(({ type }) => type === "image")).length;
    for (const { content } of prompt.messages) {
      for (const part of content) {
        if (part.type === "text" && part.text.includes(IMAGE_PLACEHOLDER)) {
          throw new FoveaError(
            `the prompt "${prompt.id}" has the text "${IMAGE_PLACEHOLDER}"; place images as image parts`,
          );
        }
      }
    }
    const messages = prompt.messages.map(({ role, content }) => ({
      role,
      content: content.map((part) => (part.type === "image" ? { type: "image" } : { type: "text", text: part.text })),
    }));
    let text: string;
    try {
      text = template.render({ messages, add_generation_prompt: true, ...specialTokens });
    } catch (error) {
      const reason = (error as Error).message;
      throw new FoveaError(`the chat template of ${directory} refuses the prompt "${prompt.id}": ${reason}`, {
        cause: error,
      });
    }
    if (placeholders(text) !== images) {
      throw new FoveaError(
        `the chat template of ${directory} gives the prompt "${prompt.id}" ${placeholders(text)} places for ${images} images`,
      );
    }
    return text;
  }

  return { render };
}
