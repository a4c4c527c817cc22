const answerLine = /(?:^|\n)[\s>#*_-]{0,12}(?:the\s)?(?:final\s|correct\s)?answers?[*_]{0,3}\s?[:：][*_]{0,3}/gi;
const answerPhrase =
  /\b(?:(?:final|correct|right|required|desired)\s)?(?:answer|result|solution|choice|option)\s(?:is|are|must\sbe|should\sbe|would\sbe|equals|=)(?:\s(?:therefore|thus|then|simply|just|given\sby))?\s?:?/gi;

/** What follows the last "Answer:" at the start of a line. */
export function afterAnswerLine(text: string): string | undefined {
  return afterLast(text, answerLine);
}

/** What follows the last "the answer is". */
export function afterAnswerPhrase(text: string): string | undefined {
  const inline = afterLast(text, /\b(?:final|correct)\sanswers?[*_]{0,3}\s?[:：][*_]{0,3}/gi);
  const phrase = afterLast(text, answerPhrase);
  if (inline === undefined || phrase === undefined) return phrase ?? inline;
  return phrase.length < inline.length ? phrase : inline;
}

function afterLast(text: string, pattern: RegExp): string | undefined {
  const tail = text.slice(-65536);
  let end: number | undefined;
  for (const found of tail.matchAll(pattern)) end = found.index + found[0].length;
  return end === undefined ? undefined : tail.slice(end);
}

/** The first sentence of what follows such a phrase; a displayed formula counts as one. */
export function firstClause(text: string): string {
  const start = text.trimStart();
  const display = /^[*"\s]{0,4}(\$\$|\\\[)/.exec(start)?.[1];
  if (display !== undefined) {
    const from = start.indexOf(display);
    const close = start.indexOf(display === "$$" ? "$$" : "\\]", from + 2);
    if (close !== -1) return start.slice(from, close + 2);
  }
  const end = /[.!?](?=["'*)\]]{0,3}(?:\s|$))|\n/.exec(start.slice(0, 2000))?.index;
  return end === undefined ? start.slice(0, 2000) : start.slice(0, end);
}
