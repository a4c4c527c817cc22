const styles =
  /\\(?:text|textbf|textit|textrm|textsf|mathrm|mathbf|mathit|mathsf|boldsymbol|rm|bf|left|right|quad|qquad|displaystyle|boxed|fbox)(?![a-zA-Z])|\\[ ,;:!]|[{}$~*"`]/g;
const only = /^\(?\s?([A-Ja-j])\s?\)?\s?[.:)\]]?$/;
const leading = /^(?:\(\s?([A-J])\s?\)|([A-J])\s?[.:)](?=\D|$|\s))\s?(.*)$/s;
const named =
  /\b(?:option|choice|answer|letter|figure|picture|image|statement|case|diagram)s?\s(?:is\s|labeled\s|labelled\s|with\s)?\(?([A-J])\)?(?![\w'])/gi;
const bracketed = /\(\s?([A-J])\s?\)/g;
const several = /^(?:\(?[A-J]\)?\s?(?:,|and|or|&|\/|;)?\s?){2,10}$/;

/** Which options an answer names by letter, and what it says besides. */
export interface NamedOptions {
  readonly letters: ReadonlySet<string>;
  readonly rest: string;
}

/** "(B)", "B.", "\text{B}", "Option B", "\textbf{(B) } 12", "A and C". */
export function namedOptions(answer: string): NamedOptions {
  const text = answer
    .slice(0, 4000)
    .replace(styles, " ")
    .replace(/\s{1,99}/g, " ")
    .trim();
  const single = only.exec(text)?.[1];
  if (single !== undefined) return { letters: new Set([single]), rest: "" };
  if (several.test(text)) return { letters: new Set(text.replace(/and|or/g, "").match(/[A-J]/g)), rest: "" };
  const found = leading.exec(text);
  const letters = new Set<string>();
  if (found) letters.add(found[1] ?? found[2]!);
  for (const match of text.matchAll(bracketed)) letters.add(match[1]!);
  for (const match of text.matchAll(named)) letters.add(match[1]!.toUpperCase());
  return { letters, rest: found ? found[3]! : letters.size > 0 ? "" : text };
}
