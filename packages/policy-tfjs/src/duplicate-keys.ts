function isFollowedByColon(text: string, start: number): boolean {
  let place = start;
  while (" \t\n\r".includes(text[place] ?? "x")) place++;
  return text[place] === ":";
}

/**
 * The first key that stands twice in one object of a JSON text, or undefined. `JSON.parse` keeps the last of the two without
 * a word, so a file could show one value to us and another to a different reader.
 *
 * @param text well-formed JSON; what it returns for anything else means nothing.
 */
export function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let place = 0; place < text.length; place++) {
    const character = text[place];
    if (character === "{") open.push(new Set());
    else if (character === "[") open.push(undefined);
    else if (character === "}" || character === "]") open.pop();
    else if (character === '"') {
      const start = place;
      for (place++; text[place] !== '"' && place < text.length; place++) if (text[place] === "\\") place++;
      const keys = open.at(-1);
      if (keys === undefined || !isFollowedByColon(text, place + 1)) continue;
      const key = JSON.parse(text.slice(start, place + 1)) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
