import { findBoxes } from "./boxes.ts";
import { finalPart } from "./final-part.ts";

export type StrictBox =
  | { readonly content: string }
  | { readonly content?: undefined /** Why there is none. */; readonly reason: string };

/** The content of the last box, the only place a strict verifier looks at. A box that is empty, open or holds another one is none. */
export function strictBox(text: string, { thinking }: { readonly thinking: "excluded" | "included" }): StrictBox {
  const part = thinking === "included" ? text : finalPart(text);
  if (part === undefined) return { reason: "the thinking never ended" };
  const box = findBoxes(part).at(-1);
  if (box === undefined) return { reason: "no box" };
  if (!box.closed) return { reason: "the last box never closes" };
  if (box.nested) return { reason: "the last box holds another box" };
  const content = box.content.trim();
  return content === "" ? { reason: "the last box is empty" } : { content };
}
