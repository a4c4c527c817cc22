const number =
  /(?<![\p{L}\d.,_^])[-−]?(?:\$|\\\$)?(?:\d{1,64}(?:,\d{1,64}){0,32}(?:\.\d{1,64})?|\.\d{1,64})(?:\s?\/\s?\d{1,64}(?!\d|\.\d))?(?:\s?\\?%)?/gu;

/** What Markdown would not show as a formula is none, but it is no prose either. */
const brokenFormula = /\$[ \t]{0,8}\n[^$]{0,400}\$/g;

/** The last number that stands by itself in a text, with a fraction bar and a percent sign where it has them. */
export function lastNumber(text: string): string | undefined {
  const tail = text.slice(-4096).replace(brokenFormula, " ");
  return [...tail.matchAll(number)].at(-1)?.[0];
}
