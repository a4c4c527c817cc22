import { at, Lanes, multiplyAdd } from "./vector";

/*
 * Activations work on eight floats at a time: buffers are allocated in multiples of sixteen, and what lies behind `count` is nobody's.
 */

/** silu(gate) * up. */
export function swiglu(gate: usize, up: usize, y: usize, count: i32): void {
  for (let index: i32 = 0; index < count; index += 8) {
    const zs = at(gate, index);
    const raised = at(up, index);
    const z0 = v128.load(zs);
    const z1 = v128.load(zs, 16);
    const low = f32x4.mul(f32x4.mul(z0, Lanes.sigmoid(z0)), v128.load(raised));
    const high = f32x4.mul(f32x4.mul(z1, Lanes.sigmoid(z1)), v128.load(raised, 16));
    const place = at(y, index);
    v128.store(place, low);
    v128.store(place, high, 16);
  }
}

// biome-ignore lint/complexity/noStaticOnlyClass: as for Lanes.
class Slopes {
  /** silu'(z) = s + silu(z) (1 - s) with s = sigmoid(z). */
  @inline
  static silu(s: v128, silu: v128): v128 {
    return multiplyAdd(silu, f32x4.sub(Lanes.one(), s), s);
  }

  /** The gate of GELU's tanh approximation: (1 + tanh(u)) / 2 = sigmoid(2 u). */
  @inline
  static geluGate(z: v128, scale: v128, cubic: v128): v128 {
    const inner = multiplyAdd(f32x4.mul(z, z), cubic, Lanes.one());
    return Lanes.sigmoid(f32x4.mul(f32x4.mul(z, inner), scale));
  }

  /** d/dz z s(2u) = s + z s (1 - s) 2u', with 2u' = sqrt(8/pi) (1 + 3 * 0.044715 z²). */
  @inline
  static gelu(z: v128, s: v128, scale: v128, steepness: v128): v128 {
    const inner = multiplyAdd(f32x4.mul(z, z), steepness, scale);
    return f32x4.mul(s, multiplyAdd(f32x4.mul(z, f32x4.sub(Lanes.one(), s)), inner, Lanes.one()));
  }
}

/** Replaces gate and up by dLoss/dgate and dLoss/dup. */
export function swigluGradient(gate: usize, up: usize, dy: usize, count: i32): void {
  for (let index: i32 = 0; index < count; index += 8) {
    const zs = at(gate, index);
    const raised = at(up, index);
    const gradients = at(dy, index);
    const z0 = v128.load(zs);
    const z1 = v128.load(zs, 16);
    const gradient0 = v128.load(gradients);
    const gradient1 = v128.load(gradients, 16);
    const s0 = Lanes.sigmoid(z0);
    const s1 = Lanes.sigmoid(z1);
    const silu0 = f32x4.mul(z0, s0);
    const silu1 = f32x4.mul(z1, s1);
    const slope0 = f32x4.mul(f32x4.mul(gradient0, v128.load(raised)), Slopes.silu(s0, silu0));
    const slope1 = f32x4.mul(f32x4.mul(gradient1, v128.load(raised, 16)), Slopes.silu(s1, silu1));
    v128.store(zs, slope0);
    v128.store(zs, slope1, 16);
    const up0 = f32x4.mul(gradient0, silu0);
    const up1 = f32x4.mul(gradient1, silu1);
    v128.store(raised, up0);
    v128.store(raised, up1, 16);
  }
}

/** sqrt(8 / pi), and GELU's cubic coefficient (Hendrycks and Gimpel 2016). */
const SCALE: f32 = 1.5957691216057308;
const CUBIC: f32 = 0.044715;

export function gelu(x: usize, y: usize, count: i32): void {
  const scale = f32x4.splat(SCALE);
  const cubic = f32x4.splat(CUBIC);
  for (let index: i32 = 0; index < count; index += 8) {
    const zs = at(x, index);
    const z0 = v128.load(zs);
    const z1 = v128.load(zs, 16);
    const low = f32x4.mul(z0, Slopes.geluGate(z0, scale, cubic));
    const high = f32x4.mul(z1, Slopes.geluGate(z1, scale, cubic));
    const place = at(y, index);
    v128.store(place, low);
    v128.store(place, high, 16);
  }
}

/** Replaces dy by dLoss/dx. */
export function geluGradient(x: usize, dy: usize, count: i32): void {
  const scale = f32x4.splat(SCALE);
  const cubic = f32x4.splat(CUBIC);
  const steepness = f32x4.splat(3 * SCALE * CUBIC);
  for (let index: i32 = 0; index < count; index += 8) {
    const zs = at(x, index);
    const z0 = v128.load(zs);
    const z1 = v128.load(zs, 16);
    const slope0 = Slopes.gelu(z0, Slopes.geluGate(z0, scale, cubic), scale, steepness);
    const slope1 = Slopes.gelu(z1, Slopes.geluGate(z1, scale, cubic), scale, steepness);
    const place = at(dy, index);
    const low = f32x4.mul(v128.load(place), slope0);
    const high = f32x4.mul(v128.load(place, 16), slope1);
    v128.store(place, low);
    v128.store(place, high, 16);
  }
}
