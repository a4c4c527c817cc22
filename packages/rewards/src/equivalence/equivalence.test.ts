import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answersAgree } from "./answers-agree.ts";

const agree = (a: string, b: string, settings = {}): boolean => answersAgree(a, b, settings) !== undefined;
const whole = fc.integer({ min: -10_000, max: 10_000 });

describe("answersAgree", () => {
  it("finds every integer equal to itself in any spelling, and to no other", () => {
    fc.assert(
      fc.property(whole, whole, (a, b) => {
        expect(agree(String(a), `${a}.0`)).toBe(true);
        expect(agree(String(a), `\\frac{${3 * a}}{3}`)).toBe(true);
        expect(agree(String(a), a.toLocaleString("en-US"))).toBe(true);
        expect(agree(String(a), String(b))).toBe(a === b);
      }),
    );
  });

  it("finds fractions equal exactly when their cross products are", () => {
    const part = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(part, part, part, part, (a, b, c, d) => {
        expect(agree(`\\frac{${a}}{${b}}`, `${c}/${d}`)).toBe(a * d === b * c);
      }),
    );
  });

  it("finds sets equal in any order, tuples only in theirs", () => {
    fc.assert(
      fc.property(fc.uniqueArray(whole, { minLength: 2, maxLength: 6 }), (items) => {
        const reversed = [...items].reverse();
        expect(agree(`\\{${items}\\}`, `\\{${reversed}\\}`)).toBe(true);
        expect(agree(`(${items.join(", ")})`, `(${reversed.join(", ")})`)).toBe(false);
        expect(agree(`\\{${items}\\}`, `\\{${items.slice(1)}\\}`)).toBe(false);
      }),
    );
  });

  it("finds an inequality and its interval equal, and tells open from closed", () => {
    fc.assert(
      fc.property(whole, fc.integer({ min: 1, max: 50 }), fc.boolean(), fc.boolean(), (from, width, low, high) => {
        const to = from + width;
        const chain = `${from} ${low ? "\\le" : "<"} x ${high ? "\\le" : "<"} ${to}`;
        const interval = (isLow: boolean, isHigh: boolean) => `${isLow ? "[" : "("}${from}, ${to}${isHigh ? "]" : ")"}`;
        expect(agree(chain, interval(low, high))).toBe(true);
        expect(agree(interval(low, high), chain)).toBe(true);
        expect(agree(chain, interval(!low, high))).toBe(false);
        expect(agree(chain, interval(low, !high))).toBe(false);
        expect(agree(interval(low, high), chain, { inequalityForSet: false })).toBe(false);
      }),
    );
  });

  it("finds polynomials equal to their factors, and to no neighbour", () => {
    const root = fc.integer({ min: -9, max: 9 });
    fc.assert(
      fc.property(root, root, fc.integer({ min: 1, max: 5 }), (a, b, shift) => {
        const expanded = (constant: number) => `x^2 + ${-(a + b)}x + ${constant}`.replaceAll("+ -", "- ");
        const factors = `(x - (${a}))(x - (${b}))`;
        expect(agree(expanded(a * b), factors)).toBe(true);
        expect(agree(expanded(a * b + shift), factors)).toBe(false);
      }),
    );
  });

  it("is symmetric for numbers", () => {
    const spelling = fc.oneof(
      whole.map(String),
      fc.tuple(whole, fc.integer({ min: 1, max: 99 })).map(([n, d]) => `\\frac{${n}}{${d}}`),
    );
    fc.assert(fc.property(spelling, spelling, (a, b) => agree(a, b) === agree(b, a)));
  });

  it("checks units when asked to, and converts them always", () => {
    expect(agree("12 cm", "12")).toBe(true);
    expect(agree("12 cm", "12", { units: "checked" })).toBe(false);
    expect(agree("12 cm", "12 kg", { units: "checked" })).toBe(false);
    expect(agree("12 cm", "0.12 m", { units: "checked" })).toBe(true);
    expect(agree("12 cm", "12 m")).toBe(false);
    expect(agree("2 m^2", "20000 cm^2")).toBe(true);
  });

  it("allows a numeric difference only by option", () => {
    expect(agree("3.14", "3.15")).toBe(false);
    expect(agree("3.14", "3.15", { tolerance: { absolute: 0.011, relative: 0 } })).toBe(true);
    expect(agree("\\pi", "3.14", { tolerance: { absolute: 0, relative: 0.01 } })).toBe(true);
    expect(agree("\\frac13", "0.33", { roundingDigits: 2 })).toBe(true);
    expect(agree("\\frac13", "0.333333333", { roundingDigits: Number.POSITIVE_INFINITY })).toBe(false);
  });

  it("keeps the order of lists where it matters", () => {
    expect(agree("1, 2, 3", "3, 2, 1")).toBe(true);
    expect(agree("1, 2, 3", "3, 2, 1", { lists: "ordered" })).toBe(false);
  });
});
