/**
 * Text of a model as something one can see: a control character as its picture (␀ to ␡), a line break as ⏎ before it, and
 * what is invisible or turns the direction of the writing as its code point in angle quotes. Nothing that follows can then be
 * rearranged or hidden by what a model wrote. Letters of right-to-left scripts stay as they are; their element isolates them.
 */
export function visibleText(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu,
    (character) => {
      const code = character.codePointAt(0)!;
      if (character === "\n") return "⏎\n";
      if (code < 0x20) return String.fromCodePoint(0x2400 + code);
      if (code === 0x7f) return "␡";
      return `‹U+${code.toString(16).toUpperCase().padStart(4, "0")}›`;
    },
  );
}

/** The same for one line of a list: cut to a length, with spaces at the ends shown. */
export function visibleLine(text: string, length = 200): string {
  const line = visibleText(text).replaceAll("\n", " ");
  return line.length > length ? `${line.slice(0, length)}…` : line;
}

/** One token: a space at its edge is part of it. */
export function visibleToken(text: string): string {
  return text === "" ? "∅" : visibleText(text).replace(/^ +| +$/g, (spaces) => "·".repeat(spaces.length));
}
