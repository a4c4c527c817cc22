import { bracePairs } from "./brace-pairs.ts";

/** One `\boxed{...}` or `\fbox{...}` of a text. */
export interface Box {
  /** Where the command starts, and the first index behind the box. */
  readonly start: number;
  readonly end: number;
  readonly content: string;
  /** False for a box whose brace never closes: a response that was cut off. Its content is the rest of the text. */
  readonly closed: boolean;
  /** Whether another box stands inside. */
  readonly nested: boolean;
}

const command = /\\(?:boxed|fbox|framebox)(?![a-zA-Z])\s{0,8}/g;
const bareContent = /[^\s{}$\\]{1,64}/y;

/** The outermost boxes of a text, in order. `\boxed 5`, without braces, holds the word that follows. */
export function findBoxes(text: string): readonly Box[] {
  if (!text.includes("\\boxed") && !text.includes("\\fbox") && !text.includes("\\framebox")) return [];
  const pairs = bracePairs(text);
  const boxes: Box[] = [];
  const unclosed: Box[] = [];
  let outermostEnd = 0;
  for (const match of text.matchAll(command)) {
    const start = match.index;
    if (start < outermostEnd) {
      const outer = boxes.at(-1);
      if (outer) boxes[boxes.length - 1] = { ...outer, nested: true };
      continue;
    }
    const inside = start + match[0].length;
    if (text[inside] === "{") {
      const close = pairs.get(inside);
      if (close === undefined) {
        if (unclosed.length === 0) {
          unclosed.push({ start, end: text.length, content: text.slice(inside + 1), closed: false, nested: false });
        }
        continue;
      }
      outermostEnd = close + 1;
      boxes.push({ start, end: outermostEnd, content: text.slice(inside + 1, close), closed: true, nested: false });
    } else {
      bareContent.lastIndex = inside;
      const content = bareContent.exec(text)?.[0];
      if (content === undefined) continue;
      outermostEnd = inside + content.length;
      boxes.push({ start, end: outermostEnd, content, closed: true, nested: false });
    }
  }
  return [...boxes, ...unclosed].sort((a, b) => a.start - b.start);
}
