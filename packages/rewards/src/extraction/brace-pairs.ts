/**
 * Where each `{` of the text closes: pairs in one pass, so that a text of nothing but open boxes costs no more than prose.
 * Braces behind a backslash are characters, not groups.
 */
export function bracePairs(text: string): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  const open: number[] = [];
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === "\\") index++;
    else if (character === "{") open.push(index);
    else if (character === "}") {
      const start = open.pop();
      if (start !== undefined) pairs.set(start, index);
    }
  }
  return pairs;
}
