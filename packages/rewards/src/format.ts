import type { Verdict, Verifier } from "@fovea-rl/core";
import { defineVerifier } from "@fovea-rl/core/plugin";
import { z } from "zod";
import { findBoxes } from "./extraction/boxes.ts";

const options = z.strictObject({
  /** Set when the chat template already wrote `<think>`, so that responses start inside it. */
  thinkingOpenedByTemplate: z.boolean().default(false),
  /** What must stand in the answer, behind the thinking. */
  answer: z.enum(["boxed", "any"]).default("boxed"),
});

export type FormatOptions = z.output<typeof options>;

/** Why the text is not `<think>...</think>` and then an answer; undefined when it is. */
function formatFault(text: string, { thinkingOpenedByTemplate, answer }: FormatOptions): string | undefined {
  const opening = "<think>";
  const closing = "</think>";
  const trimmed = text.trimStart();
  if (!thinkingOpenedByTemplate && !trimmed.startsWith(opening)) return `does not start with ${opening}`;
  const thinking = thinkingOpenedByTemplate ? trimmed : trimmed.slice(opening.length);
  if (thinking.includes(opening)) return `a second ${opening}`;
  const end = thinking.indexOf(closing);
  if (end === -1) return `no ${closing}`;
  if (thinking.slice(0, end).trim() === "") return "the thinking is empty";
  const rest = thinking.slice(end + closing.length);
  if (rest.includes(closing)) return `a second ${closing}`;
  if (rest.trim() === "") return `nothing behind ${closing}`;
  if (answer === "any") return undefined;
  const boxes = findBoxes(rest);
  if (boxes.length === 0) return `no box behind ${closing}`;
  if (boxes.some((box) => !box.closed || box.nested || box.content.trim() === ""))
    return "a box that is empty, open or nested";
  return undefined;
}

/** 1 for a response of the form `<think>...</think>` and then a box, 0 for any other. */
export function formatVerifier(chosen: FormatOptions): Verifier {
  return {
    name: "format",
    verify(_prompt, { text }): Verdict {
      const fault = formatFault(text, chosen);
      const format = fault === undefined ? 1 : 0;
      return { reward: format, components: { format }, reason: fault ?? "well formed" };
    },
  };
}

export default defineVerifier<FormatOptions>({ name: "format", optionsSchema: options, create: formatVerifier });
