const number =
  /(?<![\p{L}\d.,_^])[-−]?(?:\$|\\\$)?(?:\d{1,64}(?:,\d{1,64}){0,32}(?:\.\d{1,64})?|\.\d{1,64})(?:\s?\/\s?\d{1,64}(?!\d|\.\d))?(?:\s?\\?%)?/gu;

/** What Markdown would not show as a formula is none, but it is no prose either. */
const brokenFormula = /\$[ \t]{0,8}\n[^$]{0,400}\$/g;

const connector = /^\s{0,4},?\s{0,4}(and|or)?\s{0,4}$/;

/**
 * The last number that stands by itself in a text, with a fraction bar and a percent sign where it has them; when it ends a
 * list of numbers, the list: naming many numbers must not pass for naming the last.
 */
export function lastNumber(text: string): string | undefined {
  const tail = text.slice(-4096).replace(brokenFormula, " ");
  const found = [...tail.matchAll(number)];
  let first = found.length - 1;
  let isAlternative = false;
  while (first > 0) {
    const [before, after] = [found[first - 1]!, found[first]!];
    const joint = connector.exec(tail.slice(before.index + before[0].length, after.index));
    if (!joint) break;
    isAlternative ||= joint[1] !== undefined;
    first--;
  }
  const [start, end] = [found[first], found.at(-1)];
  if (!start || !end) return undefined;
  // "In 2020, 15" is no list; "13, 14, 15" and "14 or 15" are.
  const isList = isAlternative || found.length - first > 2;
  return isList ? tail.slice(start.index, end.index + end[0].length) : end[0];
}
