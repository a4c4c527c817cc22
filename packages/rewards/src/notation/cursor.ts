import { spend } from "../budget.ts";
import type { Token } from "./tokens.ts";

/** The text is not a formula of the grammar. Never leaves this folder: an answer that does not parse is compared as text. */
export class ParseFailure extends Error {}

/** Deeper nesting than this is not an answer. */
const maximumDepth = 40;

const end: Token = { type: "mark", text: "", upright: false, spaced: false };

/** A place in the tokens of one formula. */
export class Cursor {
  #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  /** How many absolute-value bars are open: inside them a bar closes instead of opening. */
  bars = 0;
  /** Inside ]a, b[ an opening bracket closes. */
  isFrench = false;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get token(): Token {
    return this.#tokens[this.#at] ?? end;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  get isEnvironmentEnd(): boolean {
    return this.token.type === "end";
  }

  ahead(count: number): Token {
    return this.#tokens[this.#at + count] ?? end;
  }

  next(): Token {
    spend(1);
    const token = this.token;
    this.#at++;
    return token;
  }

  isMark(...marks: readonly string[]): boolean {
    const { type, text } = this.token;
    return type === "mark" && text !== "" && marks.includes(text);
  }

  take(...marks: readonly string[]): boolean {
    if (!this.isMark(...marks)) return false;
    this.#at++;
    return true;
  }

  expect(...marks: readonly string[]): string {
    if (!this.isMark(...marks)) this.fail();
    return this.next().text;
  }

  fail(): never {
    throw new ParseFailure();
  }

  /** Reads with the position restored where the reading fails. */
  attempt<T>(read: () => T): T | undefined {
    const [at, depth, bars] = [this.#at, this.#depth, this.bars];
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ParseFailure)) throw error;
      [this.#at, this.#depth, this.bars] = [at, depth, bars];
      return undefined;
    }
  }

  /** Reads something nested, up to the depth that answers have. */
  nested<T>(read: () => T): T {
    spend(1);
    if (++this.#depth > maximumDepth) this.fail();
    const result = read();
    this.#depth--;
    return result;
  }

  /** Takes only the first digit of a number token, as TeX does for \frac12; the rest stays. */
  takeDigit(): string {
    const token = this.token;
    const [digit = "", ...rest] = token.text;
    if (token.type !== "number" || !/\d/.test(digit)) this.fail();
    if (rest.length === 0) this.#at++;
    else {
      const tokens = [...this.#tokens];
      tokens[this.#at] = { ...token, text: rest.join(""), spaced: false };
      this.#tokens = tokens;
    }
    return digit;
  }
}
