import type { Expression } from "../expression/expression.ts";
import { add, decimal, divide, integer, multiply, type Rational } from "../expression/rational.ts";

const literal = /^(?:\d+\.?\d*|\.\d+)(?:\(\d+\))?(?:e[+-]?\d{1,4})?$/;

/** The value of a number token: `12`, `.5`, `1.5e-3`, or `0.1(6)` with repeating digits in brackets. */
export function numberLiteral(text: string): Expression | undefined {
  if (!literal.test(text)) return undefined;
  const [mantissa = "", exponentText] = text.split("e");
  const [digits = "", cycle] = mantissa.replace(")", "").split("(");
  const places = digits.split(".")[1]?.length ?? 0;
  let value: Rational | undefined = decimal(digits);
  if (value && cycle !== undefined) {
    const nines = integer((10n ** BigInt(cycle.length) - 1n) * 10n ** BigInt(places));
    const tail = divide(integer(BigInt(cycle)), nines);
    value = tail && add(value, tail);
    return value && { kind: "number", value };
  }
  if (value && exponentText !== undefined) {
    const exponent = Number(exponentText);
    const scale = integer(10n ** BigInt(Math.abs(exponent)));
    value = exponent < 0 ? divide(value, scale) : multiply(value, scale);
    return value && { kind: "number", value };
  }
  return value && { kind: "number", value, ...(places > 0 ? { places } : {}) };
}
