import { type Box, findBoxes } from "./boxes.ts";

export type BoxedAnswer = { readonly answer: string } | { readonly fault: string } | undefined;

const sentenceEnd = /[.!?]["')\]$\\]{0,3}\s|\n\s*\n/;
const widestGap = 60;
const mostBoxes = 32;

/**
 * The answer in the boxes of a text. `joined`: boxes that stand together (`\boxed{1} and \boxed{2}`) are parts of one
 * answer, so that naming many answers names none. A box that is empty or holds another box is a fault, not an answer.
 */
export function boxedAnswer(text: string, boxes: "last" | "joined"): BoxedAnswer {
  const found = findBoxes(text);
  const closed = found.filter((box) => box.closed);
  const last = closed.at(-1);
  if (last === undefined) return found.length > 0 ? { fault: "the box never closes" } : undefined;
  if (boxes === "last" && found.at(-1)?.closed === false) return { fault: "the last box never closes" };
  const group = [last];
  for (let at = closed.length - 2; boxes === "joined" && at >= 0 && group.length < mostBoxes; at--) {
    const gap = text.slice(closed[at]!.end, group[0]!.start);
    if (gap.length > widestGap || sentenceEnd.test(gap)) break;
    group.unshift(closed[at]!);
  }
  const fault = faultOf(last);
  if (fault !== undefined) return { fault };
  const contents = [...new Set(group.map(({ content }) => content.trim()))].filter((content) => content !== "");
  return { answer: contents.length === 1 ? contents[0]! : contents.join(" , ") };
}

function faultOf(box: Box): string | undefined {
  if (box.nested) return "the box holds another box";
  return box.content.replace(/[\s{}$~]|\\[,;!: ]|\\text\s?\{/g, "") === "" ? "the box is empty" : undefined;
}
