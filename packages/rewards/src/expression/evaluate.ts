import { spend } from "../budget.ts";
import {
  type Complex,
  complex,
  exponential,
  gamma,
  logarithm,
  magnitude,
  minus,
  notANumber,
  over,
  plus,
  raise,
  rootOf,
  times,
} from "./complex.ts";
import type { Expression, FunctionName } from "./expression.ts";
import { toNumber } from "./rational.ts";

/** The numeric value of a formula at a point; not-a-number where it has none. */
export function evaluate(expression: Expression, at: (symbol: string) => Complex): Complex {
  spend(1);
  switch (expression.kind) {
    case "number":
      return complex(toNumber(expression.value));
    case "symbol":
      return at(expression.name);
    case "constant":
      return constants[expression.name];
    case "sum":
      return expression.terms.reduce((sum, term) => plus(sum, evaluate(term, at)), complex(0));
    case "product":
      return expression.factors.reduce((product, factor) => times(product, evaluate(factor, at)), complex(1));
    case "quotient":
      return over(evaluate(expression.numerator, at), evaluate(expression.denominator, at));
    case "negation":
      return minus(complex(0), evaluate(expression.operand, at));
    case "power":
      return raise(evaluate(expression.base, at), evaluate(expression.exponent, at));
    case "percent":
      return over(evaluate(expression.operand, at), complex(100));
    case "degrees":
      return times(evaluate(expression.operand, at), complex(Math.PI / 180));
    case "quantity":
      return evaluate(expression.operand, at);
    case "call":
      return apply(
        expression.name,
        expression.operands.map((operand) => evaluate(operand, at)),
      );
    default:
      return notANumber;
  }
}

const constants = {
  pi: complex(Math.PI),
  e: complex(Math.E),
  i: complex(0, 1),
  infinity: complex(Number.POSITIVE_INFINITY),
};

function apply(name: FunctionName, operands: readonly Complex[]): Complex {
  const [x = notANumber, y] = operands;
  switch (name) {
    case "root":
      return rootOf(x, y ?? complex(2));
    case "log":
      return y === undefined ? logarithm(x) : over(logarithm(x), logarithm(y));
    case "exp":
      return exponential(x);
    case "abs":
      return complex(magnitude(x));
    case "conjugate":
      return complex(x.re, -x.im);
    case "re":
      return complex(x.re);
    case "im":
      return complex(x.im);
    case "sin":
      return sine(x);
    case "cos":
      return sine(plus(x, complex(Math.PI / 2)));
    case "tan":
      return over(sine(x), apply("cos", operands));
    case "cot":
      return over(apply("cos", operands), sine(x));
    case "sec":
      return over(complex(1), apply("cos", operands));
    case "csc":
      return over(complex(1), sine(x));
    case "sinh":
      return over(minus(exponential(x), exponential(minus(complex(0), x))), complex(2));
    case "cosh":
      return over(plus(exponential(x), exponential(minus(complex(0), x))), complex(2));
    case "tanh":
      return over(apply("sinh", operands), apply("cosh", operands));
    default:
      return operands.every((operand) => operand.im === 0)
        ? complex(
            applyReal(
              name,
              operands.map((operand) => operand.re),
            ),
          )
        : notANumber;
  }
}

function sine(x: Complex): Complex {
  if (x.im === 0) return complex(Math.sin(x.re));
  return complex(Math.sin(x.re) * Math.cosh(x.im), Math.cos(x.re) * Math.sinh(x.im));
}

function applyReal(name: FunctionName, operands: readonly number[]): number {
  const [x = Number.NaN, y = Number.NaN] = operands;
  switch (name) {
    case "floor":
      return Math.floor(x + 1e-12);
    case "ceiling":
      return Math.ceil(x - 1e-12);
    case "factorial":
      return gamma(x + 1);
    case "binomial":
      return gamma(x + 1) / (gamma(y + 1) * gamma(x - y + 1));
    case "max":
      return Math.max(...operands);
    case "min":
      return Math.min(...operands);
    case "gcd":
      return operands.reduce(greatestCommonDivisor);
    case "lcm":
      return operands.reduce((a, b) => Math.abs(a * b) / greatestCommonDivisor(a, b));
    case "arcsin":
      return Math.asin(x);
    case "arccos":
      return Math.acos(x);
    case "arctan":
      return Math.atan(x);
    case "arccot":
      return Math.PI / 2 - Math.atan(x);
    default:
      return Number.NaN;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) return Number.NaN;
  let [larger, smaller] = [Math.abs(a), Math.abs(b)];
  while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}
