import { at, sigmoid } from "./vector";

/*
 * Activations work on whole vectors: buffers are allocated in multiples of four floats, and what lies behind `count` is nobody's.
 */

/** silu(gate) * up. */
export function swiglu(gate: usize, up: usize, y: usize, count: i32): void {
  for (let index: i32 = 0; index < count; index += 4) {
    const z = v128.load(at(gate, index));
    const silu = f32x4.mul(z, sigmoid(z));
    v128.store(at(y, index), f32x4.mul(silu, v128.load(at(up, index))));
  }
}

/** Replaces gate and up by dLoss/dgate and dLoss/dup. silu'(z) = s + silu(z) (1 - s) with s = sigmoid(z). */
export function swigluGradient(gate: usize, up: usize, dy: usize, count: i32): void {
  const one = f32x4.splat(1);
  for (let index: i32 = 0; index < count; index += 4) {
    const z = v128.load(at(gate, index));
    const raised = v128.load(at(up, index));
    const gradient = v128.load(at(dy, index));
    const s = sigmoid(z);
    const silu = f32x4.mul(z, s);
    const slope = f32x4.add(s, f32x4.mul(silu, f32x4.sub(one, s)));
    v128.store(at(gate, index), f32x4.mul(f32x4.mul(gradient, raised), slope));
    v128.store(at(up, index), f32x4.mul(gradient, silu));
  }
}

/** sqrt(8 / pi), and GELU's cubic coefficient (Hendrycks and Gimpel 2016). */
const SCALE: f32 = 1.5957691216057308;
const CUBIC: f32 = 0.044715;

/** The gate of GELU's tanh approximation: (1 + tanh(u)) / 2 = sigmoid(2 u). */
function geluGate(z: v128): v128 {
  const cubic = f32x4.add(f32x4.mul(f32x4.mul(z, z), f32x4.splat(CUBIC)), f32x4.splat(1));
  return sigmoid(f32x4.mul(f32x4.mul(z, cubic), f32x4.splat(SCALE)));
}

export function gelu(x: usize, y: usize, count: i32): void {
  for (let index: i32 = 0; index < count; index += 4) {
    const z = v128.load(at(x, index));
    v128.store(at(y, index), f32x4.mul(z, geluGate(z)));
  }
}

/** Replaces dy by dLoss/dx. d/dz z s(2u) = s + z s (1 - s) 2u', with 2u' = sqrt(8/pi) (1 + 3 * 0.044715 z²). */
export function geluGradient(x: usize, dy: usize, count: i32): void {
  const one = f32x4.splat(1);
  for (let index: i32 = 0; index < count; index += 4) {
    const z = v128.load(at(x, index));
    const s = geluGate(z);
    const inner = f32x4.add(f32x4.mul(f32x4.mul(z, z), f32x4.splat(3 * SCALE * CUBIC)), f32x4.splat(SCALE));
    const slope = f32x4.mul(s, f32x4.add(one, f32x4.mul(f32x4.mul(z, f32x4.sub(one, s)), inner)));
    v128.store(at(dy, index), f32x4.mul(v128.load(at(dy, index)), slope));
  }
}
