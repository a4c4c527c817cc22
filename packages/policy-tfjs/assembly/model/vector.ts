/** The address of the float `index` places behind `base`. */
export function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
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
 * exp(x) of four lanes: x = n ln 2 + r with |r| <= ln 2 / 2, a polynomial for exp(r) (the coefficients are those of Moshier's
 * Cephes library, public domain), and n added to the exponent. Within 2 units in the last place; nothing below -87, where float32 has
 * no normal numbers left; clamped above 88.
 */
export function exponential(x: v128): v128 {
  // Pseudo-minimum and -maximum are one instruction each; the others order NaN and -0, which this need not.
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-87)), f32x4.splat(88));
  // Added to 1.5 * 2^23 a float leaves its nearest integer in the lowest bits.
  const shifted = f32x4.add(f32x4.mul(clamped, f32x4.splat(<f32>Math.LOG2E)), f32x4.splat(12582912));
  const n = f32x4.sub(shifted, f32x4.splat(12582912));
  let r = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let p = f32x4.splat(1.98756915e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  const scale = i32x4.shl(i32x4.add(shifted, i32x4.splat(127)), 23);
  return v128.and(f32x4.mul(p, scale), f32x4.ge(x, f32x4.splat(-87)));
}

/** 1 / (1 + exp(-x)). */
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exponential(f32x4.neg(x))));
}

/** One float in four lanes, for what is left when a length is no multiple of four. */
export function exponentialOf(x: f32): f32 {
  return f32x4.extract_lane(exponential(f32x4.splat(x)), 0);
}

/** The sum of x_i y_i. */
export function dot(x: usize, y: usize, count: i32): f32 {
  let lanes = f32x4.splat(0);
  let index: i32 = 0;
  for (; index + 4 <= count; index += 4) {
    lanes = f32x4.add(lanes, f32x4.mul(v128.load(at(x, index)), v128.load(at(y, index))));
  }
  let sum = sumLanes(lanes);
  for (; index < count; index++) sum += load<f32>(at(x, index)) * load<f32>(at(y, index));
  return sum;
}
