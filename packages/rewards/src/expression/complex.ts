/** A complex number; real arithmetic stays exactly real. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

export const complex = (re: number, im = 0): Complex => ({ re, im });
export const notANumber = complex(Number.NaN, Number.NaN);

export const plus = (a: Complex, b: Complex): Complex => complex(a.re + b.re, a.im + b.im);
export const minus = (a: Complex, b: Complex): Complex => complex(a.re - b.re, a.im - b.im);
export const magnitude = (a: Complex): number => (a.im === 0 ? Math.abs(a.re) : Math.hypot(a.re, a.im));
export const isFiniteComplex = (a: Complex): boolean => Number.isFinite(a.re) && Number.isFinite(a.im);

export function times(a: Complex, b: Complex): Complex {
  if (a.im === 0 && b.im === 0) return complex(a.re * b.re);
  return complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re);
}

export function over(a: Complex, b: Complex): Complex {
  if (b.im === 0) return b.re === 0 ? notANumber : complex(a.re / b.re, a.im === 0 ? 0 : a.im / b.re);
  const norm = b.re * b.re + b.im * b.im;
  return complex((a.re * b.re + a.im * b.im) / norm, (a.im * b.re - a.re * b.im) / norm);
}

export function exponential(a: Complex): Complex {
  const scale = Math.exp(a.re);
  return a.im === 0 ? complex(scale) : complex(scale * Math.cos(a.im), scale * Math.sin(a.im));
}

/** Principal branch. */
export function logarithm(a: Complex): Complex {
  if (a.re === 0 && a.im === 0) return notANumber;
  return complex(Math.log(magnitude(a)), a.im === 0 && a.re > 0 ? 0 : Math.atan2(a.im, a.re));
}

/** Principal branch, save that integer powers are exact and real powers of positive numbers stay real. */
export function raise(base: Complex, exponent: Complex): Complex {
  if (exponent.im === 0 && base.im === 0) {
    if (base.re === 0) return exponent.re > 0 ? complex(0) : notANumber;
    if (base.re > 0 || Number.isInteger(exponent.re)) return complex(base.re ** exponent.re);
  }
  if (base.re === 0 && base.im === 0) return exponent.re > 0 ? complex(0) : notANumber;
  if (exponent.im === 0 && Number.isInteger(exponent.re) && Math.abs(exponent.re) <= 64) {
    let power = complex(1);
    for (let count = Math.abs(exponent.re); count > 0; count--) power = times(power, base);
    return exponent.re < 0 ? over(complex(1), power) : power;
  }
  return exponential(times(exponent, logarithm(base)));
}

/** The real odd root of negative numbers (as school algebra and answers mean it), the principal root otherwise. */
export function rootOf(radicand: Complex, degree: Complex): Complex {
  const isOdd = degree.im === 0 && Number.isInteger(degree.re) && Math.abs(degree.re % 2) === 1;
  if (isOdd && radicand.im === 0 && radicand.re < 0) return complex(-((-radicand.re) ** (1 / degree.re)));
  if (degree.re === 2 && degree.im === 0 && radicand.im === 0) {
    return radicand.re >= 0 ? complex(Math.sqrt(radicand.re)) : complex(0, Math.sqrt(-radicand.re));
  }
  return raise(radicand, over(complex(1), degree));
}

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** The gamma function on the real line (Lanczos, g = 7), so that n! has a value at the non-integer points formulas are compared at. */
export function gamma(x: number): number {
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  const shifted = x - 1;
  const t = shifted + 7.5;
  const series = lanczos.reduce(
    (sum, coefficient, index) => sum + (index === 0 ? coefficient : coefficient / (shifted + index)),
    0,
  );
  return Math.sqrt(2 * Math.PI) * t ** (shifted + 0.5) * Math.exp(-t) * series;
}
