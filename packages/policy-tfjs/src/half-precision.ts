/**
 * 16-bit floats to 32-bit ones. Both conversions are exact: every finite binary16 and bfloat16 value is a float32 value too.
 * Encodings: IEEE 754-2019 binary16 (1 sign, 5 exponent, 10 fraction bits) and bfloat16 (the upper half of a float32).
 */

/** binary16 bit patterns to float32, `[n]` to `[n]`. Infinities, NaN, subnormals and the sign of zero are kept. */
export function float16ToFloat32(patterns: Uint16Array): Float32Array {
  const output = new Float32Array(patterns.length);
  const bits = new Uint32Array(output.buffer);
  for (let index = 0; index < patterns.length; index++) {
    const pattern = patterns[index]!;
    const sign = (pattern & 0x8000) << 16;
    const exponent = (pattern >>> 10) & 0x1f;
    const fraction = pattern & 0x3ff;
    if (exponent === 0x1f) {
      bits[index] = sign | 0x7f800000 | (fraction << 13);
    } else if (exponent !== 0) {
      bits[index] = sign | ((exponent + 112) << 23) | (fraction << 13);
    } else {
      // Subnormal: fraction * 2^-24, which float32 holds as a normal number.
      output[index] = fraction * 2 ** -24;
      bits[index]! |= sign;
    }
  }
  return output;
}

/** bfloat16 bit patterns to float32, `[n]` to `[n]`. */
export function bfloat16ToFloat32(patterns: Uint16Array): Float32Array {
  const output = new Float32Array(patterns.length);
  const bits = new Uint32Array(output.buffer);
  for (let index = 0; index < patterns.length; index++) bits[index] = patterns[index]! << 16;
  return output;
}
