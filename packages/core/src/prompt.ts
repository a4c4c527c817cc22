import type { Image } from "./image.ts";

/** A piece of a message: text, or the place where one of the prompt's images stands. */
export type MessagePart =
  | { readonly type: "text"; readonly text: string }
  /** `index` counts into {@link Prompt.images}. */
  | { readonly type: "image"; readonly index: number };

/** One turn of the conversation that a chat template renders. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: readonly MessagePart[];
}

/**
 * One question. Rollouts are grouped by {@link Prompt.id}, never by text: two prompts with the same words and different
 * images are different prompts.
 */
export interface Prompt {
  /** Unique within a task, and stable: random draws are keyed by it. */
  readonly id: string;
  readonly messages: readonly Message[];
  /** Images that the messages place by index. Kept apart from the text so that a perturbed copy shares everything else. */
  readonly images: readonly Image[];
  readonly referenceAnswer: string;
  /** Question family for reports ("sum", "largest", ...). */
  readonly family?: string;
  /** The options of a multiple-choice question, in order (A, B, ...). */
  readonly options?: readonly string[];
}

/** The same prompt looking at other images, e.g. perturbed ones; text, id and answer are shared. */
export function withImages(prompt: Prompt, images: readonly Image[]): Prompt {
  return { ...prompt, images };
}
