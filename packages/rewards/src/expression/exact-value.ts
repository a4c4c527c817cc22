import type { Expression } from "./expression.ts";
import { add, divide, integer, multiply, negate, power, type Rational } from "./rational.ts";

/** The exact rational value of an expression without variables or irrational parts; undefined where it has none. */
export function exactValue(expression: Expression): Rational | undefined {
  switch (expression.kind) {
    case "number":
      return expression.value;
    case "sum":
      return fold(expression.terms, integer(0), add);
    case "product":
      return fold(expression.factors, integer(1), multiply);
    case "quotient":
      return both(expression.numerator, expression.denominator, divide);
    case "power":
      return both(expression.base, expression.exponent, power);
    case "negation": {
      const operand = exactValue(expression.operand);
      return operand && negate(operand);
    }
    case "percent": {
      const operand = exactValue(expression.operand);
      return operand && divide(operand, integer(100));
    }
    case "call":
      return exactCall(expression.name, expression.operands);
    default:
      return undefined;
  }
}

function exactCall(name: string, operands: readonly Expression[]): Rational | undefined {
  const values = operands.map(exactValue);
  const [first, second] = values;
  if (first === undefined) return undefined;
  switch (name) {
    case "root":
      return second && second.numerator !== 0n
        ? power(first, { numerator: second.denominator, denominator: second.numerator })
        : undefined;
    case "abs":
      return first.numerator < 0n ? negate(first) : first;
    case "floor":
      return integer(floor(first));
    case "ceiling":
      return integer(-floor(negate(first)));
    case "factorial":
      return first.denominator === 1n ? factorial(first.numerator) : undefined;
    case "binomial":
      return second?.denominator === 1n && first.denominator === 1n
        ? binomial(first.numerator, second.numerator)
        : undefined;
    default:
      return undefined;
  }
}

function floor({ numerator, denominator }: Rational): bigint {
  const quotient = numerator / denominator;
  return numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient;
}

function factorial(n: bigint): Rational | undefined {
  if (n < 0n || n > 800n) return undefined;
  let product = 1n;
  for (let factor = 2n; factor <= n; factor++) product *= factor;
  return integer(product);
}

function binomial(n: bigint, k: bigint): Rational | undefined {
  if (n < 0n || n > 2000n) return undefined;
  if (k < 0n || k > n) return integer(0);
  let result = 1n;
  for (let index = 1n; index <= (k < n - k ? k : n - k); index++) result = (result * (n - index + 1n)) / index;
  return integer(result);
}

function fold(
  parts: readonly Expression[],
  start: Rational,
  combine: (a: Rational, b: Rational) => Rational | undefined,
): Rational | undefined {
  let total: Rational | undefined = start;
  for (const part of parts) {
    const value = exactValue(part);
    total = value && total && combine(total, value);
    if (total === undefined) return undefined;
  }
  return total;
}

function both(
  left: Expression,
  right: Expression,
  combine: (a: Rational, b: Rational) => Rational | undefined,
): Rational | undefined {
  const a = exactValue(left);
  const b = a && exactValue(right);
  return a && b && combine(a, b);
}
