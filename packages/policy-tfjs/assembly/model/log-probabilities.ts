import { at, exponentialOf, Lanes, largestLane, sumLanes } from "./vector";

/** The largest of a row; NaN where one is. */
function largestOf(row: usize, count: i32): f32 {
  let most = f32x4.splat(-Infinity);
  let index: i32 = 0;
  for (; index + 4 <= count; index += 4) most = f32x4.max(most, v128.load(at(row, index)));
  let largest = largestLane(most);
  for (; index < count; index++) largest = max(largest, load<f32>(at(row, index)));
  return largest;
}

/** The log-sum-exp of one row of logits, scaled by 1 / temperature. */
function logSumExp(row: usize, count: i32, inverseTemperature: f32): f32 {
  const largest = largestOf(row, count);
  const shift = f32x4.splat(largest);
  const factor = f32x4.splat(inverseTemperature);
  let lowSum = f32x4.splat(0);
  let highSum = f32x4.splat(0);
  let index: i32 = 0;
  for (; index + 8 <= count; index += 8) {
    const place = at(row, index);
    const low = Lanes.exponential(f32x4.mul(f32x4.sub(v128.load(place), shift), factor));
    const high = Lanes.exponential(f32x4.mul(f32x4.sub(v128.load(place, 16), shift), factor));
    lowSum = f32x4.add(lowSum, low);
    highSum = f32x4.add(highSum, high);
  }
  let sum = sumLanes(f32x4.add(lowSum, highSum));
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

/**
 * For tokens to be drawn: weights exp((logit - largest) / temperature) of each row, and sums of them in float64.
 *
 * @param weights `[rows, vocabulary]`
 * @param sums `[rows, 2]` float64: the sum of the weights, and of weight * (logit - largest) / temperature
 * @param best `[rows]` int32: the token with the largest logit, the lowest id of several
 */
export function tokenDistributions(
  logits: usize,
  weights: usize,
  sums: usize,
  best: usize,
  rows: i32,
  vocabulary: i32,
  inverseTemperature: f32,
): void {
  for (let row: i32 = 0; row < rows; row++) {
    const start = at(logits, row * vocabulary);
    const target = at(weights, row * vocabulary);
    const largest = largestOf(start, vocabulary);
    let token: i32 = 0;
    while (token < vocabulary - 1 && load<f32>(at(start, token)) !== largest) token++;
    store<i32>(at(best, row), token);
    const shift = f32x4.splat(largest);
    const factor = f32x4.splat(inverseTemperature);
    let total0 = f64x2.splat(0);
    let total1 = total0;
    let weighted0 = total0;
    let weighted1 = total0;
    let index: i32 = 0;
    for (; index + 4 <= vocabulary; index += 4) {
      const scaled = f32x4.mul(f32x4.sub(v128.load(at(start, index)), shift), factor);
      const weight = Lanes.exponential(scaled);
      v128.store(at(target, index), weight);
      const product = f32x4.mul(weight, scaled);
      total0 = f64x2.add(total0, f64x2.promote_low_f32x4(weight));
      total1 = f64x2.add(total1, f64x2.promote_low_f32x4(v128.shuffle<f32>(weight, weight, 2, 3, 0, 1)));
      weighted0 = f64x2.add(weighted0, f64x2.promote_low_f32x4(product));
      weighted1 = f64x2.add(weighted1, f64x2.promote_low_f32x4(v128.shuffle<f32>(product, product, 2, 3, 0, 1)));
    }
    const total = f64x2.add(total0, total1);
    const weighted = f64x2.add(weighted0, weighted1);
    // A row that is not finite must not look as if it were: its exponentials are 0.
    let sum = f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1) + <f64>(largest - largest);
    let weightedSum = f64x2.extract_lane(weighted, 0) + f64x2.extract_lane(weighted, 1);
    for (; index < vocabulary; index++) {
      const scaled = (load<f32>(at(start, index)) - largest) * inverseTemperature;
      const weight = exponentialOf(scaled);
      store<f32>(at(target, index), weight);
      sum += <f64>weight;
      weightedSum += <f64>(weight * scaled);
    }
    const place = sums + ((<usize>row) << 4);
    store<f64>(place, sum);
    store<f64>(place, weightedSum, 8);
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
    for (; index + 8 <= vocabulary; index += 8) {
      const place = at(start, index);
      const low = Lanes.exponential(f32x4.sub(f32x4.mul(v128.load(place), factor), normalisers4));
      const high = Lanes.exponential(f32x4.sub(f32x4.mul(v128.load(place, 16), factor), normalisers4));
      const lowGradient = f32x4.mul(low, scales);
      const highGradient = f32x4.mul(high, scales);
      v128.store(place, lowGradient);
      v128.store(place, highGradient, 16);
    }
    for (; index < vocabulary; index++) {
      const place = at(start, index);
      store<f32>(place, exponentialOf(load<f32>(place) * inverseTemperature - normaliser) * -scale);
    }
    const target = at(start, load<i32>(at(targets, row)));
    store<f32>(target, load<f32>(target) + scale);
  }
}
