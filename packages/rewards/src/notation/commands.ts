import type { FunctionName, RelationOperator } from "../expression/expression.ts";

/** Commands that only change the look of what follows them in braces. */
export const styleCommands: ReadonlySet<string> = new Set(
  "text textbf textit textrm textsf texttt textnormal textup emph mbox hbox mathrm mathbf mathit mathsf mathtt mathcal mathfrak mathscr operatorname boldsymbol bm bold rm bf it displaystyle textstyle scriptstyle underline overline bar hat vec tilde widehat widetilde overrightarrow overleftarrow overbrace underbrace boxed fbox framebox ensuremath mathop mathord mathbin mathrel pmb cancel textcolor".split(
    " ",
  ),
);

/** Those among them whose content is prose or a name rather than variables. */
export const uprightCommands: ReadonlySet<string> = new Set(
  "text textbf textit textrm textsf texttt textnormal textup emph mbox hbox mathrm operatorname".split(" "),
);

/** Commands that stand for nothing: sizes and spaces. */
export const ignoredCommands: ReadonlySet<string> = new Set(
  "left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm limits nolimits nonumber notag noindent indent hfill displaylines strut mathstrut thinspace medspace thickspace negthinspace enspace hskip relax protect centering large Large small rm bf it displaystyle textstyle scriptstyle angle triangle odot bigcirc parallelogram square".split(
    " ",
  ),
);

/** Commands whose braces go with them. */
export const droppedWithArgument: ReadonlySet<string> = new Set(
  "hspace vspace phantom vphantom hphantom label tag color kern mkern".split(" "),
);

export const relationSpellings: Readonly<Record<string, RelationOperator>> = {
  "=": "=",
  "≠": "≠",
  "<": "<",
  ">": ">",
  "≤": "≤",
  "≥": "≥",
  "≈": "≈",
  "≡": "≡",
  "∈": "∈",
  "∉": "∉",
  "⊂": "⊂",
  "→": "→",
  "∥": "∥",
  "⊥": "⊥",
};

/** Commands that are one of the tokens above or below. */
export const commandSpellings: Readonly<Record<string, string>> = {
  le: "≤",
  leq: "≤",
  leqslant: "≤",
  leqq: "≤",
  ge: "≥",
  geq: "≥",
  geqslant: "≥",
  geqq: "≥",
  lt: "<",
  gt: ">",
  ne: "≠",
  neq: "≠",
  approx: "≈",
  approxeq: "≈",
  simeq: "≈",
  sim: "≈",
  cong: "≈",
  doteq: "≈",
  equiv: "≡",
  in: "∈",
  notin: "∉",
  subset: "⊂",
  subseteq: "⊂",
  to: "→",
  rightarrow: "→",
  longrightarrow: "→",
  mapsto: "→",
  Rightarrow: "→",
  implies: "→",
  Longrightarrow: "→",
  iff: "→",
  Leftrightarrow: "→",
  parallel: "∥",
  perp: "⊥",
  times: "*",
  cdot: "*",
  ast: "*",
  bullet: "*",
  div: "/",
  colon: ":",
  mid: "|",
  vert: "|",
  lvert: "|",
  rvert: "|",
  lVert: "|",
  rVert: "|",
  Vert: "|",
  land: "and",
  wedge: "and",
  lor: "or",
  vee: "or",
  quad: "quad",
  qquad: "quad",
  cup: "∪",
  bigcup: "∪",
  cap: "∩",
  bigcap: "∩",
  setminus: "∖",
  smallsetminus: "∖",
  backslash: "∖",
  lbrace: "{set",
  rbrace: "}set",
  langle: "(",
  rangle: ")",
  lbrack: "[",
  rbrack: "]",
  lparen: "(",
  rparen: ")",
  pm: "±",
  mp: "∓",
  percent: "%",
  degree: "°",
  deg: "°",
  prime: "'",
};

/** Functions by the name they are called by, with a backslash or without. */
export const functionNames: Readonly<Record<string, FunctionName>> = {
  sin: "sin",
  cos: "cos",
  tan: "tan",
  tg: "tan",
  cot: "cot",
  ctg: "cot",
  sec: "sec",
  csc: "csc",
  cosec: "csc",
  arcsin: "arcsin",
  arccos: "arccos",
  arctan: "arctan",
  arctg: "arctan",
  arccot: "arccot",
  asin: "arcsin",
  acos: "arccos",
  atan: "arctan",
  sinh: "sinh",
  cosh: "cosh",
  tanh: "tanh",
  log: "log",
  ln: "log",
  lg: "log",
  exp: "exp",
  sqrt: "root",
  cbrt: "root",
  abs: "abs",
  floor: "floor",
  ceil: "ceiling",
  ceiling: "ceiling",
  max: "max",
  min: "min",
  gcd: "gcd",
  lcm: "lcm",
  binomial: "binomial",
  factorial: "factorial",
  Re: "re",
  Im: "im",
};

export const inverseFunctions: Readonly<Partial<Record<FunctionName, FunctionName>>> = {
  sin: "arcsin",
  cos: "arccos",
  tan: "arctan",
  cot: "arccot",
};

/** Commands that end or join what stands before them, so that nothing is multiplied by them. */
export const closingCommands: ReadonlySet<string> = new Set(["rfloor", "rceil", "choose", "pmod", "bmod", "mod"]);

/** Commands known to take a part in mathematics, for telling `\\frac` (an escaped backslash) from `\\` (a new line). */
export const knownCommands: ReadonlySet<string> = new Set([
  ...styleCommands,
  ...ignoredCommands,
  ...droppedWithArgument,
  ...Object.keys(commandSpellings),
  ...Object.keys(functionNames),
  ..."frac dfrac tfrac cfrac binom dbinom tbinom pi infty begin end pmod bmod mod circ theta alpha beta gamma delta emptyset varnothing mathbb lfloor rfloor lceil rceil ldots cdots dots log".split(
    " ",
  ),
]);
