import { at, dot, sumLanes } from "./vector";

/** The sum of x_i. */
function total(x: usize, count: i32): f32 {
  let lanes = f32x4.splat(0);
  let index: i32 = 0;
  for (; index + 4 <= count; index += 4) lanes = f32x4.add(lanes, v128.load(at(x, index)));
  let sum = sumLanes(lanes);
  for (; index < count; index++) sum += load<f32>(at(x, index));
  return sum;
}

/**
 * `x / sqrt(mean(x²) + epsilon) * weight` for rows of x.
 *
 * @param inverses `[rows]` takes 1 / sqrt(...), which the gradient needs
 */
export function rmsNorm(x: usize, weight: usize, y: usize, inverses: usize, rows: i32, width: i32, epsilon: f32): void {
  for (let row: i32 = 0; row < rows; row++) {
    const source = at(x, row * width);
    const target = at(y, row * width);
    const inverse: f32 = 1 / sqrt<f32>(dot(source, source, width) / <f32>width + epsilon);
    store<f32>(at(inverses, row), inverse);
    const factor = f32x4.splat(inverse);
    let index: i32 = 0;
    for (; index + 4 <= width; index += 4) {
      const normalised = f32x4.mul(v128.load(at(source, index)), factor);
      v128.store(at(target, index), f32x4.mul(normalised, v128.load(at(weight, index))));
    }
    for (; index < width; index++) {
      store<f32>(at(target, index), load<f32>(at(source, index)) * inverse * load<f32>(at(weight, index)));
    }
  }
}

/**
 * Adds dLoss/dx to dx and dLoss/dweight to dWeight. With n = x inverse and d = dy weight: dx = (d - n mean(d n)) inverse.
 */
export function rmsNormGradient(
  x: usize,
  weight: usize,
  inverses: usize,
  dy: usize,
  dx: usize,
  dWeight: usize,
  rows: i32,
  width: i32,
): void {
  for (let row: i32 = 0; row < rows; row++) {
    const source = at(x, row * width);
    const gradient = at(dy, row * width);
    const target = at(dx, row * width);
    const inverse = load<f32>(at(inverses, row));
    let along: f32 = 0;
    let index: i32 = 0;
    let lanes = f32x4.splat(0);
    const factor = f32x4.splat(inverse);
    for (; index + 4 <= width; index += 4) {
      const part = f32x4.mul(v128.load(at(gradient, index)), f32x4.mul(v128.load(at(source, index)), factor));
      lanes = f32x4.add(lanes, f32x4.mul(part, v128.load(at(weight, index))));
      v128.store(at(dWeight, index), f32x4.add(v128.load(at(dWeight, index)), part));
    }
    along = sumLanes(lanes);
    for (; index < width; index++) {
      const part = load<f32>(at(gradient, index)) * load<f32>(at(source, index)) * inverse;
      along += part * load<f32>(at(weight, index));
      store<f32>(at(dWeight, index), load<f32>(at(dWeight, index)) + part);
    }
    along /= <f32>width;
    const drop = f32x4.splat(along);
    for (index = 0; index + 4 <= width; index += 4) {
      const direct = f32x4.mul(v128.load(at(gradient, index)), v128.load(at(weight, index)));
      const normalised = f32x4.mul(v128.load(at(source, index)), factor);
      const change = f32x4.mul(f32x4.sub(direct, f32x4.mul(normalised, drop)), factor);
      v128.store(at(target, index), f32x4.add(v128.load(at(target, index)), change));
    }
    for (; index < width; index++) {
      const direct = load<f32>(at(gradient, index)) * load<f32>(at(weight, index));
      const change = (direct - load<f32>(at(source, index)) * inverse * along) * inverse;
      store<f32>(at(target, index), load<f32>(at(target, index)) + change);
    }
  }
}

/**
 * `(x - mean) / sqrt(variance + epsilon) * weight + bias` for rows of x.
 *
 * @param moments `[rows, 2]` takes the mean and 1 / sqrt(...), which the gradient needs
 */
export function layerNorm(
  x: usize,
  weight: usize,
  bias: usize,
  y: usize,
  moments: usize,
  rows: i32,
  width: i32,
  epsilon: f32,
): void {
  for (let row: i32 = 0; row < rows; row++) {
    const source = at(x, row * width);
    const target = at(y, row * width);
    const mean: f32 = total(source, width) / <f32>width;
    const means = f32x4.splat(mean);
    let index: i32 = 0;
    for (; index + 4 <= width; index += 4)
      v128.store(at(target, index), f32x4.sub(v128.load(at(source, index)), means));
    for (; index < width; index++) store<f32>(at(target, index), load<f32>(at(source, index)) - mean);
    const inverse: f32 = 1 / sqrt<f32>(dot(target, target, width) / <f32>width + epsilon);
    store<f32>(at(moments, 2 * row), mean);
    store<f32>(at(moments, 2 * row + 1), inverse);
    const factor = f32x4.splat(inverse);
    for (index = 0; index + 4 <= width; index += 4) {
      const normalised = f32x4.mul(v128.load(at(target, index)), factor);
      const scaled = f32x4.mul(normalised, v128.load(at(weight, index)));
      v128.store(at(target, index), f32x4.add(scaled, v128.load(at(bias, index))));
    }
    for (; index < width; index++) {
      const scaled = load<f32>(at(target, index)) * inverse * load<f32>(at(weight, index));
      store<f32>(at(target, index), scaled + load<f32>(at(bias, index)));
    }
  }
}

/** Adds to dx, dWeight and dBias. With n the normalised x and d = dy weight: dx = (d - mean(d) - n mean(d n)) inverse. */
export function layerNormGradient(
  x: usize,
  weight: usize,
  moments: usize,
  dy: usize,
  dx: usize,
  dWeight: usize,
  dBias: usize,
  rows: i32,
  width: i32,
): void {
  for (let row: i32 = 0; row < rows; row++) {
    const source = at(x, row * width);
    const gradient = at(dy, row * width);
    const target = at(dx, row * width);
    const mean = load<f32>(at(moments, 2 * row));
    const inverse = load<f32>(at(moments, 2 * row + 1));
    const means = f32x4.splat(mean);
    const factor = f32x4.splat(inverse);
    let directs = f32x4.splat(0);
    let alongs = f32x4.splat(0);
    let index: i32 = 0;
    for (; index + 4 <= width; index += 4) {
      const slope = v128.load(at(gradient, index));
      const normalised = f32x4.mul(f32x4.sub(v128.load(at(source, index)), means), factor);
      const direct = f32x4.mul(slope, v128.load(at(weight, index)));
      directs = f32x4.add(directs, direct);
      alongs = f32x4.add(alongs, f32x4.mul(direct, normalised));
      v128.store(at(dWeight, index), f32x4.add(v128.load(at(dWeight, index)), f32x4.mul(slope, normalised)));
      v128.store(at(dBias, index), f32x4.add(v128.load(at(dBias, index)), slope));
    }
    let directMean = sumLanes(directs);
    let along = sumLanes(alongs);
    for (; index < width; index++) {
      const slope = load<f32>(at(gradient, index));
      const normalised = (load<f32>(at(source, index)) - mean) * inverse;
      const direct = slope * load<f32>(at(weight, index));
      directMean += direct;
      along += direct * normalised;
      store<f32>(at(dWeight, index), load<f32>(at(dWeight, index)) + slope * normalised);
      store<f32>(at(dBias, index), load<f32>(at(dBias, index)) + slope);
    }
    directMean /= <f32>width;
    along /= <f32>width;
    for (index = 0; index + 4 <= width; index += 4) {
      const normalised = f32x4.mul(f32x4.sub(v128.load(at(source, index)), means), factor);
      const direct = f32x4.mul(v128.load(at(gradient, index)), v128.load(at(weight, index)));
      const centred = f32x4.sub(f32x4.sub(direct, f32x4.splat(directMean)), f32x4.mul(normalised, f32x4.splat(along)));
      v128.store(at(target, index), f32x4.add(v128.load(at(target, index)), f32x4.mul(centred, factor)));
    }
    for (; index < width; index++) {
      const normalised = (load<f32>(at(source, index)) - mean) * inverse;
      const direct = load<f32>(at(gradient, index)) * load<f32>(at(weight, index));
      const change = (direct - directMean - normalised * along) * inverse;
      store<f32>(at(target, index), load<f32>(at(target, index)) + change);
    }
  }
}
