/** A stream of strings made to break a grader: token soup, mutated answers, and constructions that hurt naive code. */
export interface StringSource {
  /** An integer from 0 up to, not including, `bound`. */
  readonly integer: (bound: number) => number;
}

/** A small generator (mulberry32), so that a fuzz run can be repeated from its seed. */
export function seeded(seed: number): StringSource {
  let state = seed >>> 0;
  return {
    integer(bound) {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * bound);
    },
  };
}

const fragments =
  "\\frac \\sqrt \\boxed{ \\fbox{ \\text{ \\left( \\right) \\begin{pmatrix} \\end{pmatrix} \\begin{cases} \\end{cases} \\\\ & { } { } ( ) [ ] \\{ \\} | $ $$ \\( \\) \\[ \\] ^ ^ _ ! % , ; : = < > \\le \\ge \\ne \\in \\cup \\setminus \\pm + - * / . ' \" 0 1 2 3 7 10 12 100 1,000 0.5 3.14159 1e9 9999999999 x y z n e i \\pi \\infty \\sin \\log_ \\log_2 \\binom \\lfloor \\rfloor \\overline{ \\circ ^\\circ and or \\text{and} cm apples percent mod \\pmod \\mathbb{R} \\ldots <think> </think> <answer> </answer> answer is Answer: A (B) \\n \u0000 \u001b \ud800 é 中 ½ √ ² ≤ ∞ ° \\ \\\\ \\rac \\zzz million 4:45 \\quad ~ \\,".split(
    " ",
  );

const pick = <T>(source: StringSource, items: readonly T[]): T => items[source.integer(items.length)]!;

function soup(source: StringSource): string {
  const glue = pick(source, ["", "", " "]);
  return Array.from({ length: 1 + source.integer(40) }, () => pick(source, fragments)).join(glue);
}

function noise(source: StringSource): string {
  const range = pick(source, [128, 256, 65536]);
  return String.fromCharCode(...Array.from({ length: source.integer(60) }, () => source.integer(range)));
}

function mutated(source: StringSource, text: string): string {
  let result = text.slice(0, 3000);
  for (let count = 1 + source.integer(5); count > 0; count--) {
    const at = source.integer(result.length + 1);
    const to = at + source.integer(12);
    const kind = source.integer(4);
    if (kind === 0) result = result.slice(0, at) + result.slice(to);
    else if (kind === 1) result = result.slice(0, at) + pick(source, fragments) + result.slice(at);
    else if (kind === 2)
      result = result.slice(0, at) + result.slice(at, to).repeat(1 + source.integer(4)) + result.slice(to);
    else result = result.slice(0, at) + result.slice(to) + result.slice(at, to);
  }
  return result;
}

/** Constructions that are bad for recursion, backtracking, big integers or memory; `size` is about their length. */
export function constructions(size: number): readonly string[] {
  const times = (text: string): string => text.repeat(Math.max(1, Math.floor(size / text.length)));
  return [
    times("("),
    times("{"),
    times("\\boxed{"),
    `${times("\\boxed{")}1${times("}")}`,
    times("\\frac{1}{"),
    times("\\sqrt"),
    times("^"),
    times("-"),
    `\\boxed{${times("(")}1${times(")")}}`,
    `\\boxed{${times("1+")}1}`,
    `\\boxed{${times("2^")}2}`,
    `\\boxed{${times("9")}}`,
    `\\boxed{${times("9!")}}`,
    `\\boxed{1${times("!")}}`,
    `\\boxed{${times("x")}}`,
    `\\boxed{${times("1,")}}`,
    `\\boxed{${times("1,000")}}`,
    `\\boxed{${times("a ")}}`,
    `\\boxed{9^{9^{9^{9}}}}`,
    `\\boxed{(1/3)^{1000}${times("+(1/3)^{999}")}}`,
    `\\boxed{${times("\\frac{1}{7}+")}1}`,
    `\\boxed{10^{-${times("9")}}}`,
    `\\boxed{\\binom{2000}{1000}${times("\\binom{1999}{999}")}}`,
    `\\boxed{${times("700!+")}1}`,
    `\\boxed{\\{${times("1,2,")}3\\}}`,
    `\\boxed{\\begin{pmatrix}${times("1&2\\\\")}\\end{pmatrix}}`,
    `\\boxed{${times("|x")}}`,
    `\\boxed{${times("x\\pm ")}1}`,
    `\\boxed{${times("\\text{")}}`,
    times("$"),
    times("$$"),
    times("\\("),
    times("\\["),
    times("<think>"),
    times("</think>"),
    times("<answer>"),
    times("the answer is "),
    times("Answer: "),
    times("answer is: answer is "),
    times("1/"),
    times("1,1"),
    times("\n"),
    times(" "),
    times("a a a a "),
    `${times(" ")}x`,
    times("\\\\"),
    times("\\"),
    times("\u0000"),
    times("\ud800"),
    times("中"),
    times("½"),
    times("."),
    times("1."),
    times(".1."),
    times("''''"),
    `\\boxed{${times("\\left(")}}`,
    `\\boxed{${times("0.\\overline{3}")}}`,
    `\\boxed{x_{${times("1")}}}`,
    `\\boxed{${times("x=")}1}`,
    `\\boxed{${times("1:")}1}`,
    `\\boxed{${times("(0,1)\\cup")}(0,1)}`,
    `\\boxed{${times("cm ")}}`,
    `\\boxed{5 ${times("cm ")}}`,
    `\\boxed{${times("A, ")}B}`,
    times("(A) "),
    times("option B "),
    `\\boxed{${times("\\sin ")}x}`,
    `\\boxed{${times("\\log_")}2}`,
    `\\boxed{${times("1\\frac12")}}`,
    `\\boxed{${times("12 ")}}`,
    times("is is is "),
    times("\\boxed"),
    `\\boxed{1}${times(" and ")}\\boxed{2}`,
    times("\\boxed{1} and "),
    `\\boxed{${"x^{".repeat(30)}2${"}".repeat(30)}}`,
    `\\boxed{${times("\\sqrt[3]{x+")}1}`,
    `\\boxed{2^{1000}${times("\\cdot 3^{1000}")}}`,
    `\\boxed{${times("1e99+")}1}`,
    `\\boxed{${times("\\frac{10^{99}}{7^{99}}+")}1}`,
  ];
}

/** The next string, made from one of `seeds` or from nothing. */
export function hostileString(source: StringSource, seeds: readonly string[]): string {
  const kind = source.integer(20);
  if (kind < 8) return soup(source);
  if (kind < 10) return noise(source);
  if (kind === 10) return pick(source, constructions(10 + source.integer(300)));
  const text = mutated(source, pick(source, seeds));
  return kind < 15 ? `\\boxed{${text.slice(-200)}}` : text;
}
