import { at, exponential, exponentialOf, largestLane, sumLanes } from "./vector";

/** max and log-sum-exp of one row of logits, scaled by 1 / temperature. */
function logSumExp(row: usize, count: i32, inverseTemperature: f32): f32 {
  let most = f32x4.splat(-Infinity);
  let index: i32 = 0;
  for (; index + 4 <= count; index += 4) most = f32x4.max(most, v128.load(at(row, index)));
  let largest = largestLane(most);
  for (; index < count; index++) largest = max(largest, load<f32>(at(row, index)));
  const shift = f32x4.splat(largest);
  const factor = f32x4.splat(inverseTemperature);
  let lanes = f32x4.splat(0);
  for (index = 0; index + 4 <= count; index += 4) {
    lanes = f32x4.add(lanes, exponential(f32x4.mul(f32x4.sub(v128.load(at(row, index)), shift), factor)));
  }
  let sum = sumLanes(lanes);
  for (; index < count; index++) sum += exponentialOf((load<f32>(at(row, index)) - largest) * inverseTemperature);
  return largest * inverseTemperature + <f32>Math.log(<f64>sum);
}

/**
 * log softmax(logits / temperature)[target] of each row.
 *
 * @param normalisers `[rows]` takes the log-sum-exp of each row, which the gradient needs
 */
export function tokenLogprobs(
  logits: usize,
  targets: usize,
  logprobs: usize,
  normalisers: usize,
  rows: i32,
  vocabulary: i32,
  inverseTemperature: f32,
): void {
  for (let row: i32 = 0; row < rows; row++) {
    const start = at(logits, row * vocabulary);
    const normaliser = logSumExp(start, vocabulary, inverseTemperature);
    const logit = load<f32>(at(start, load<i32>(at(targets, row))));
    store<f32>(at(normalisers, row), normaliser);
    store<f32>(at(logprobs, row), logit * inverseTemperature - normaliser);
  }
}

/** Replaces logits by log softmax(logits / temperature). */
export function logDistributions(logits: usize, rows: i32, vocabulary: i32, inverseTemperature: f32): void {
  for (let row: i32 = 0; row < rows; row++) {
    const start = at(logits, row * vocabulary);
    const normaliser = logSumExp(start, vocabulary, inverseTemperature);
    for (let token: i32 = 0; token < vocabulary; token++) {
      store<f32>(at(start, token), load<f32>(at(start, token)) * inverseTemperature - normaliser);
    }
  }
}

/** Replaces logits by dLoss/dlogits, (onehot(target) - p) dLoss/dlogprob / temperature. */
export function logitGradient(
  logits: usize,
  targets: usize,
  normalisers: usize,
  gradients: usize,
  rows: i32,
  vocabulary: i32,
  inverseTemperature: f32,
): void {
  for (let row: i32 = 0; row < rows; row++) {
    const start = at(logits, row * vocabulary);
    const normaliser = load<f32>(at(normalisers, row));
    const scale = load<f32>(at(gradients, row)) * inverseTemperature;
    const normalisers4 = f32x4.splat(normaliser);
    const factor = f32x4.splat(inverseTemperature);
    const scales = f32x4.splat(-scale);
    let index: i32 = 0;
    for (; index + 4 <= vocabulary; index += 4) {
      const place = at(start, index);
      const probability = exponential(f32x4.sub(f32x4.mul(v128.load(place), factor), normalisers4));
      v128.store(place, f32x4.mul(probability, scales));
    }
    for (; index < vocabulary; index++) {
      const place = at(start, index);
      store<f32>(place, exponentialOf(load<f32>(place) * inverseTemperature - normaliser) * -scale);
    }
    const target = at(start, load<i32>(at(targets, row)));
    store<f32>(target, load<f32>(target) + scale);
  }
}
