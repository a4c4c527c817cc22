import { spend } from "../budget.ts";

/** An exact fraction in lowest terms with a positive denominator. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Beyond this many bits exact arithmetic gives up, so that no answer can buy unbounded work with a tower of exponents. */
const maximumBits = 4096;

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a < 0n ? -a : a, b < 0n ? -b : b];
  if (smaller === 1n) return 1n;
  let iterations = 1;
  while (smaller > 0n) {
    [larger, smaller] = [smaller, larger % smaller];
    iterations++;
  }
  spend(iterations * 4);
  return larger;
}

/** Number of bits, or a few more. */
function bits(value: bigint): number {
  if (value < 9007199254740992n && value > -9007199254740992n) return Math.ceil(Math.log2(Math.abs(Number(value)) + 1));
  return (value < 0n ? -value : value).toString(16).length * 4;
}

/** undefined for a zero denominator and for numbers that outgrow exact arithmetic. */
export function rational(numerator: bigint, denominator = 1n): Rational | undefined {
  if (denominator === 0n) return undefined;
  spend(4);
  const tooLarge = numerator !== 0n && (bits(numerator) > 4 * maximumBits || bits(denominator) > 4 * maximumBits);
  if (tooLarge) return undefined;
  const divisor = greatestCommonDivisor(numerator, denominator);
  const sign = denominator < 0n ? -1n : 1n;
  const [top, bottom] = divisor === 1n ? [numerator, denominator] : [numerator / divisor, denominator / divisor];
  if (bits(top) > maximumBits || bits(bottom) > maximumBits) return undefined;
  return { numerator: sign * top, denominator: sign * bottom };
}

export function integer(value: bigint | number): Rational {
  return { numerator: BigInt(value), denominator: 1n };
}

/** The value of digits with at most one decimal point. */
export function decimal(text: string): Rational | undefined {
  const [whole = "", fraction = ""] = text.split(".");
  if (whole.length + fraction.length > 2000) return undefined;
  return rational(BigInt(`${whole}${fraction}` || "0"), 10n ** BigInt(fraction.length));
}

export function add(a: Rational, b: Rational): Rational | undefined {
  return rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

export function multiply(a: Rational, b: Rational): Rational | undefined {
  return rational(a.numerator * b.numerator, a.denominator * b.denominator);
}

export function divide(a: Rational, b: Rational): Rational | undefined {
  return rational(a.numerator * b.denominator, a.denominator * b.numerator);
}

export function negate(a: Rational): Rational {
  return { numerator: -a.numerator, denominator: a.denominator };
}

export function equals(a: Rational, b: Rational): boolean {
  return a.numerator === b.numerator && a.denominator === b.denominator;
}

/** base ** exponent, where that is rational and small enough to be written down. */
export function power(base: Rational, exponent: Rational): Rational | undefined {
  if (exponent.denominator !== 1n) return rationalRoot(base, exponent);
  const magnitude = exponent.numerator < 0n ? -exponent.numerator : exponent.numerator;
  const isUnit = base.denominator === 1n && base.numerator >= -1n && base.numerator <= 1n;
  const width = Math.max(bits(base.numerator), bits(base.denominator));
  if (!isUnit && magnitude * BigInt(width) > BigInt(maximumBits * 2)) return undefined;
  if (base.numerator === 0n && exponent.numerator <= 0n) return undefined;
  const reduced = isUnit ? magnitude % 2n || 2n : magnitude;
  const raised = rational(base.numerator ** reduced, base.denominator ** reduced);
  if (raised === undefined || magnitude === 0n) return magnitude === 0n ? integer(1) : undefined;
  return exponent.numerator < 0n ? rational(raised.denominator, raised.numerator) : raised;
}

/** Perfect roots only: (4/9)^(3/2) = 8/27. */
function rationalRoot(base: Rational, exponent: Rational): Rational | undefined {
  const degree = exponent.denominator;
  if (degree > 64n) return undefined;
  if (base.numerator < 0n) {
    // The real root, as school algebra means (-8)^(1/3).
    const root = degree % 2n === 1n ? rationalRoot(negate(base), exponent) : undefined;
    return root && exponent.numerator % 2n !== 0n ? negate(root) : root;
  }
  const top = integerRoot(base.numerator, degree);
  const bottom = integerRoot(base.denominator, degree);
  if (top === undefined || bottom === undefined) return undefined;
  return power({ numerator: top, denominator: bottom }, integer(exponent.numerator));
}

/** The integer whose power is exactly `value`, by Newton's iteration. */
function integerRoot(value: bigint, degree: bigint): bigint | undefined {
  if (value < 2n) return value;
  if (bits(value) > 1024) return undefined;
  let guess = 1n << (BigInt(bits(value)) / degree + 1n);
  for (;;) {
    const next = ((degree - 1n) * guess + value / guess ** (degree - 1n)) / degree;
    if (next >= guess) return guess ** degree === value ? guess : undefined;
    guess = next;
  }
}

/** The nearest double, also where numerator and denominator overflow one by themselves. */
export function toNumber({ numerator, denominator }: Rational): number {
  const direct = Number(numerator) / Number(denominator);
  if (Number.isFinite(direct) && (direct !== 0 || numerator === 0n)) return direct;
  const shift = bits(denominator) - bits(numerator);
  const scaled =
    shift >= 0 ? (numerator << BigInt(shift + 64)) / denominator : (numerator << 64n) / (denominator << BigInt(-shift));
  return Number(scaled) * 2 ** -64 * 2 ** -shift;
}
