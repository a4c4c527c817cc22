/** The address of the float `index` places behind `base`. */
export function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

/**
 * x y + z in one rounding. Relaxed SIMD leaves it to the processor whether there is a rounding in between: those of the last ten years
 * fuse (x86-64 with FMA3, all of arm64), so that results are the same bits on all of them. `fusesMultiplyAdd` tells.
 */
export function multiplyAdd(x: v128, y: v128, z: v128): v128 {
  return f32x4.relaxed_madd(x, y, z);
}

/** z - x y in one rounding. */
export function subtractProduct(z: v128, x: v128, y: v128): v128 {
  return f32x4.relaxed_nmadd(x, y, z);
}

/** (1 + 2^-12)² - (1 + 2^-11) is 2^-24, which a rounding of the product would lose. Given its operands, so that no compiler knows the answer. */
export function fusesMultiplyAdd(factor: f32, subtrahend: f32): i32 {
  const factors = f32x4.splat(factor);
  return f32x4.extract_lane(multiplyAdd(factors, factors, f32x4.splat(-subtrahend)), 0) !== 0;
}

/** The sum of four lanes, always in the same order. */
export function sumLanes(lanes: v128): f32 {
  const low = f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 2);
  const high = f32x4.extract_lane(lanes, 1) + f32x4.extract_lane(lanes, 3);
  return low + high;
}

export function largestLane(lanes: v128): f32 {
  const low = max(f32x4.extract_lane(lanes, 0), f32x4.extract_lane(lanes, 2));
  const high = max(f32x4.extract_lane(lanes, 1), f32x4.extract_lane(lanes, 3));
  return max(low, high);
}

/**
 * exp's constants. They are read where they are used: V8 would make a constant vector anew each time, by three instructions, and does
 * not move it out of a loop.
 */
const CONSTANTS: usize = memory.data<f32>(
  [
    -87,
    88,
    <f32>Math.LOG2E,
    12583039,
    0.693359375,
    -2.1219444e-4,
    1.98756915e-4,
    1.3981999507e-3,
    8.3334519073e-3,
    4.1665795894e-2,
    1.6666665459e-1,
    5.0000001201e-1,
    1,
  ],
  16,
);

/** What loops must have in line: a call keeps V8 from joining two vectors to one. Functions cannot be told so, methods can. */
// biome-ignore lint/complexity/noStaticOnlyClass: see above.
export class Lanes {
  @inline
  private static constant(index: usize): v128 {
    return v128.load32_splat(CONSTANTS + (index << 2));
  }

  /** 1 in each lane. */
  @inline
  static one(): v128 {
    return Lanes.constant(12);
  }

  /**
   * exp(x) of four lanes: x = n ln 2 + r with |r| <= ln 2 / 2, a polynomial for exp(r) (the coefficients are those of Moshier's
   * Cephes library, public domain), and n added to the exponent. Within 2 units in the last place; nothing below -87, where float32 has
   * no normal numbers left; clamped above 88.
   */
  @inline
  static exponential(x: v128): v128 {
    const least = Lanes.constant(0);
    // Pseudo-minimum and -maximum are one instruction each; the others order NaN and -0, which this need not.
    const clamped = f32x4.pmin(f32x4.pmax(x, least), Lanes.constant(1));
    // Added to 1.5 * 2^23 a float leaves its nearest integer in the lowest bits; the 127 beside it are those of float32's exponents.
    const shifted = multiplyAdd(clamped, Lanes.constant(2), Lanes.constant(3));
    const n = f32x4.sub(shifted, Lanes.constant(3));
    let r = subtractProduct(clamped, n, Lanes.constant(4));
    r = subtractProduct(r, n, Lanes.constant(5));
    let p = multiplyAdd(Lanes.constant(6), r, Lanes.constant(7));
    p = multiplyAdd(p, r, Lanes.constant(8));
    p = multiplyAdd(p, r, Lanes.constant(9));
    p = multiplyAdd(p, r, Lanes.constant(10));
    p = multiplyAdd(p, r, Lanes.constant(11));
    p = f32x4.add(multiplyAdd(p, f32x4.mul(r, r), r), Lanes.one());
    const scale = i32x4.shl(shifted, 23);
    return v128.and(f32x4.mul(p, scale), f32x4.ge(x, least));
  }

  /** 1 / (1 + exp(-x)). */
  @inline
  static sigmoid(x: v128): v128 {
    return f32x4.div(Lanes.one(), f32x4.add(Lanes.one(), Lanes.exponential(f32x4.neg(x))));
  }
}

/** One float in four lanes, for what is left when a length is no multiple of four. */
export function exponentialOf(x: f32): f32 {
  return f32x4.extract_lane(Lanes.exponential(f32x4.splat(x)), 0);
}

/** The sum of x_i y_i. */
export function dot(x: usize, y: usize, count: i32): f32 {
  let lanes = f32x4.splat(0);
  let index: i32 = 0;
  for (; index + 4 <= count; index += 4) {
    lanes = multiplyAdd(v128.load(at(x, index)), v128.load(at(y, index)), lanes);
  }
  let sum = sumLanes(lanes);
  for (; index < count; index++) sum += load<f32>(at(x, index)) * load<f32>(at(y, index));
  return sum;
}
