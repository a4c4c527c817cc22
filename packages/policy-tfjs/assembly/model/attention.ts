import { addScaled } from "./product";
import { at, exponential, largestLane, sumLanes } from "./vector";

/*
 * Scaled dot-product attention (Vaswani et al. 2017) with grouped queries (Ainslie et al. 2023), over the keys of a shared prefix and
 * those of the row itself. Keys and values of a sequence lie in a cache:
 *   keys    [keyValueHeads, headDimension, capacity], transposed, so that eight scores are eight neighbouring floats;
 *   values  [keyValueHeads, capacity, valueWidth], rows padded with zeros to a multiple of eight.
 * Capacities are multiples of eight. What a query gets does not depend on the queries beside it: every sum is its own, in order of keys.
 */

/** Queries that one register tile takes. */
const TILE: i32 = 4;
const PANEL: i32 = 8;

function roundUp(count: i32): i32 {
  return (count + 7) & ~7;
}

/** Writes keys and values of `rows` tokens into the cache, from place `start` on. */
export function storeKeysValues(
  source: usize,
  stride: i32,
  rows: i32,
  keyValueHeads: i32,
  headDimension: i32,
  keyOffset: i32,
  valueOffset: i32,
  keys: usize,
  values: usize,
  capacity: i32,
  valueWidth: i32,
  start: i32,
): void {
  for (let row: i32 = 0; row < rows; row++) {
    for (let head: i32 = 0; head < keyValueHeads; head++) {
      const key = at(source, row * stride + keyOffset + head * headDimension);
      const value = at(source, row * stride + valueOffset + head * headDimension);
      let keyPlace = at(keys, head * headDimension * capacity + start + row);
      let valuePlace = at(values, (head * capacity + start + row) * valueWidth);
      for (let index: i32 = 0; index < headDimension; index++) {
        store<f32>(keyPlace, load<f32>(at(key, index)));
        store<f32>(valuePlace, load<f32>(at(value, index)));
        keyPlace = at(keyPlace, capacity);
        valuePlace += 4;
      }
      for (let index: i32 = headDimension; index < valueWidth; index++) {
        store<f32>(valuePlace, 0);
        valuePlace += 4;
      }
    }
  }
}

/** Scores of four queries against `count` keys, times scale, in `[4, scoreStride]`; written in eights. */
function scoreTile(
  query0: usize,
  query1: usize,
  query2: usize,
  query3: usize,
  headDimension: i32,
  keys: usize,
  capacity: i32,
  count: i32,
  scale: f32,
  scores: usize,
  scoreStride: i32,
): void {
  const factor = f32x4.splat(scale);
  for (let column: i32 = 0; column < count; column += PANEL) {
    let low0 = f32x4.splat(0),
      high0 = low0,
      low1 = low0,
      high1 = low0;
    let low2 = low0,
      high2 = low0,
      low3 = low0,
      high3 = low0;
    let key = at(keys, column);
    for (let index: i32 = 0; index < headDimension; index++) {
      const offset: usize = (<usize>index) << 2;
      const lowB = v128.load(key);
      const highB = v128.load(key, 16);
      let value = v128.load32_splat(query0 + offset);
      low0 = f32x4.add(low0, f32x4.mul(value, lowB));
      high0 = f32x4.add(high0, f32x4.mul(value, highB));
      value = v128.load32_splat(query1 + offset);
      low1 = f32x4.add(low1, f32x4.mul(value, lowB));
      high1 = f32x4.add(high1, f32x4.mul(value, highB));
      value = v128.load32_splat(query2 + offset);
      low2 = f32x4.add(low2, f32x4.mul(value, lowB));
      high2 = f32x4.add(high2, f32x4.mul(value, highB));
      value = v128.load32_splat(query3 + offset);
      low3 = f32x4.add(low3, f32x4.mul(value, lowB));
      high3 = f32x4.add(high3, f32x4.mul(value, highB));
      key = at(key, capacity);
    }
    let target = at(scores, column);
    v128.store(target, f32x4.mul(low0, factor));
    v128.store(target, f32x4.mul(high0, factor), 16);
    target = at(target, scoreStride);
    v128.store(target, f32x4.mul(low1, factor));
    v128.store(target, f32x4.mul(high1, factor), 16);
    target = at(target, scoreStride);
    v128.store(target, f32x4.mul(low2, factor));
    v128.store(target, f32x4.mul(high2, factor), 16);
    target = at(target, scoreStride);
    v128.store(target, f32x4.mul(low3, factor));
    v128.store(target, f32x4.mul(high3, factor), 16);
  }
}

/** The first two rows of what scoreTile computes, for tiles that hold no more: one token at a time, most do not. */
function scorePair(
  query0: usize,
  query1: usize,
  headDimension: i32,
  keys: usize,
  capacity: i32,
  count: i32,
  scale: f32,
  scores: usize,
  scoreStride: i32,
): void {
  const factor = f32x4.splat(scale);
  for (let column: i32 = 0; column < count; column += PANEL) {
    let low0 = f32x4.splat(0),
      high0 = low0,
      low1 = low0,
      high1 = low0;
    let key = at(keys, column);
    for (let index: i32 = 0; index < headDimension; index++) {
      const offset: usize = (<usize>index) << 2;
      const lowB = v128.load(key);
      const highB = v128.load(key, 16);
      let value = v128.load32_splat(query0 + offset);
      low0 = f32x4.add(low0, f32x4.mul(value, lowB));
      high0 = f32x4.add(high0, f32x4.mul(value, highB));
      value = v128.load32_splat(query1 + offset);
      low1 = f32x4.add(low1, f32x4.mul(value, lowB));
      high1 = f32x4.add(high1, f32x4.mul(value, highB));
      key = at(key, capacity);
    }
    const target = at(scores, column);
    v128.store(target, f32x4.mul(low0, factor));
    v128.store(target, f32x4.mul(high0, factor), 16);
    v128.store(at(target, scoreStride), f32x4.mul(low1, factor));
    v128.store(at(target, scoreStride), f32x4.mul(high1, factor), 16);
  }
}

/** Adds `weights[0..count) · values` to four rows of `[4, 8]` lanes in `sums`: values are 8 columns of rows `valueWidth` apart. */
function weighTile(weights: usize, weightStride: i32, values: usize, valueWidth: i32, count: i32, sums: usize): void {
  let low0 = v128.load(sums),
    high0 = v128.load(sums, 16);
  let low1 = v128.load(sums, 32),
    high1 = v128.load(sums, 48);
  let low2 = v128.load(sums, 64),
    high2 = v128.load(sums, 80);
  let low3 = v128.load(sums, 96),
    high3 = v128.load(sums, 112);
  let weight0 = weights;
  let weight1 = at(weight0, weightStride);
  let weight2 = at(weight1, weightStride);
  let weight3 = at(weight2, weightStride);
  let value = values;
  for (let key: i32 = 0; key < count; key++) {
    const lowB = v128.load(value);
    const highB = v128.load(value, 16);
    let weight = v128.load32_splat(weight0);
    low0 = f32x4.add(low0, f32x4.mul(weight, lowB));
    high0 = f32x4.add(high0, f32x4.mul(weight, highB));
    weight = v128.load32_splat(weight1);
    low1 = f32x4.add(low1, f32x4.mul(weight, lowB));
    high1 = f32x4.add(high1, f32x4.mul(weight, highB));
    weight = v128.load32_splat(weight2);
    low2 = f32x4.add(low2, f32x4.mul(weight, lowB));
    high2 = f32x4.add(high2, f32x4.mul(weight, highB));
    weight = v128.load32_splat(weight3);
    low3 = f32x4.add(low3, f32x4.mul(weight, lowB));
    high3 = f32x4.add(high3, f32x4.mul(weight, highB));
    weight0 += 4;
    weight1 += 4;
    weight2 += 4;
    weight3 += 4;
    value = at(value, valueWidth);
  }
  v128.store(sums, low0);
  v128.store(sums, high0, 16);
  v128.store(sums, low1, 32);
  v128.store(sums, high1, 48);
  v128.store(sums, low2, 64);
  v128.store(sums, high2, 80);
  v128.store(sums, low3, 96);
  v128.store(sums, high3, 112);
}

/** The first two rows of what weighTile computes. */
function weighPair(weights: usize, weightStride: i32, values: usize, valueWidth: i32, count: i32, sums: usize): void {
  let low0 = v128.load(sums),
    high0 = v128.load(sums, 16);
  let low1 = v128.load(sums, 32),
    high1 = v128.load(sums, 48);
  let weight0 = weights;
  let weight1 = at(weight0, weightStride);
  let value = values;
  for (let key: i32 = 0; key < count; key++) {
    const lowB = v128.load(value);
    const highB = v128.load(value, 16);
    let weight = v128.load32_splat(weight0);
    low0 = f32x4.add(low0, f32x4.mul(weight, lowB));
    high0 = f32x4.add(high0, f32x4.mul(weight, highB));
    weight = v128.load32_splat(weight1);
    low1 = f32x4.add(low1, f32x4.mul(weight, lowB));
    high1 = f32x4.add(high1, f32x4.mul(weight, highB));
    weight0 += 4;
    weight1 += 4;
    value = at(value, valueWidth);
  }
  v128.store(sums, low0);
  v128.store(sums, high0, 16);
  v128.store(sums, low1, 32);
  v128.store(sums, high1, 48);
}

function clearTile(sums: usize): void {
  memory.fill(sums, 0, 128);
}

/** Rank-four update: rows of `target`, `rowWidth` apart, gain weights[0..4)[key] · vectors[0..4), 8 columns from `column` on. */
function updateTile(
  weights: usize,
  weightStride: i32,
  vector0: usize,
  vector1: usize,
  vector2: usize,
  vector3: usize,
  width: i32,
  count: i32,
  target: usize,
  rowWidth: i32,
): void {
  for (let column: i32 = 0; column < width; column += 4) {
    // Heads are multiples of four wide in practice; the few lanes of others are added one by one.
    if (column + 4 > width) {
      for (let key: i32 = 0; key < count; key++) {
        for (let lane: i32 = column; lane < width; lane++) {
          const place = at(target, key * rowWidth + lane);
          let sum = load<f32>(place);
          sum += load<f32>(at(weights, key)) * load<f32>(at(vector0, lane));
          sum += load<f32>(at(weights, weightStride + key)) * load<f32>(at(vector1, lane));
          sum += load<f32>(at(weights, 2 * weightStride + key)) * load<f32>(at(vector2, lane));
          sum += load<f32>(at(weights, 3 * weightStride + key)) * load<f32>(at(vector3, lane));
          store<f32>(place, sum);
        }
      }
      return;
    }
    const lanes0 = v128.load(at(vector0, column));
    const lanes1 = v128.load(at(vector1, column));
    const lanes2 = v128.load(at(vector2, column));
    const lanes3 = v128.load(at(vector3, column));
    let weight0 = weights;
    let weight1 = at(weight0, weightStride);
    let weight2 = at(weight1, weightStride);
    let weight3 = at(weight2, weightStride);
    let place = at(target, column);
    for (let key: i32 = 0; key < count; key++) {
      let sum = v128.load(place);
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(weight0), lanes0));
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(weight1), lanes1));
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(weight2), lanes2));
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(weight3), lanes3));
      v128.store(place, sum);
      weight0 += 4;
      weight1 += 4;
      weight2 += 4;
      weight3 += 4;
      place = at(place, rowWidth);
    }
  }
}

/** Turns one row of scores into weights, places outside `[0, first)` and `[start, start + second)` into 0; gives the log-sum-exp. */
function softmaxRow(row: usize, first: i32, start: i32, second: i32, end: i32): f32 {
  for (let index = first; index < start; index++) store<f32>(at(row, index), -Infinity);
  for (let index = start + second; index < end; index++) store<f32>(at(row, index), -Infinity);
  let most = f32x4.splat(-Infinity);
  for (let index: i32 = 0; index < end; index += 4) most = f32x4.max(most, v128.load(at(row, index)));
  const largest = largestLane(most);
  const shift = f32x4.splat(largest);
  let lanes = f32x4.splat(0);
  for (let index: i32 = 0; index < end; index += 4) {
    const weight = exponential(f32x4.sub(v128.load(at(row, index)), shift));
    v128.store(at(row, index), weight);
    lanes = f32x4.add(lanes, weight);
  }
  const sum = sumLanes(lanes);
  const factor = f32x4.splat(1 / sum);
  for (let index: i32 = 0; index < end; index += 4) {
    v128.store(at(row, index), f32x4.mul(v128.load(at(row, index)), factor));
  }
  return largest + <f32>Math.log(<f64>sum);
}

/** Turns one row of scores into weights again, given their log-sum-exp. */
function weightsOfRow(row: usize, first: i32, start: i32, second: i32, end: i32, normaliser: f32): void {
  for (let index = first; index < start; index++) store<f32>(at(row, index), -Infinity);
  for (let index = start + second; index < end; index++) store<f32>(at(row, index), -Infinity);
  const shift = f32x4.splat(normaliser);
  for (let index: i32 = 0; index < end; index += 4) {
    v128.store(at(row, index), exponential(f32x4.sub(v128.load(at(row, index)), shift)));
  }
}

function storeLanes(sums: usize, row: i32, target: usize, width: i32): void {
  const source = at(sums, row * PANEL);
  if (width >= PANEL) {
    v128.store(target, v128.load(source));
    v128.store(target, v128.load(source, 16), 16);
    return;
  }
  for (let lane: i32 = 0; lane < width; lane++) store<f32>(at(target, lane), load<f32>(at(source, lane)));
}

/**
 * Attention of the `rows` queries of one sequence. Query i sees the whole prefix and, of its own keys, the first ownStart + i + 1 when
 * causal, else ownStart + rows.
 *
 * @param queries rows of `stride` floats that begin with `heads` heads
 * @param prefixLength 0 for none; its keys and values are then not read
 * @param output rows of heads * headDimension floats
 * @param normalisers `[rows, heads]` takes the log-sum-exp of each query's scores, which the gradient needs
 * @param scratch room for 32 + 4 * (prefixLength + ownStart + rows + 16) floats
 */
export function attend(
  queries: usize,
  stride: i32,
  rows: i32,
  heads: i32,
  keyValueHeads: i32,
  headDimension: i32,
  valueWidth: i32,
  prefixKeys: usize,
  prefixValues: usize,
  prefixCapacity: i32,
  prefixLength: i32,
  ownKeys: usize,
  ownValues: usize,
  ownCapacity: i32,
  ownStart: i32,
  causal: i32,
  output: usize,
  normalisers: usize,
  scratch: usize,
): void {
  const repeat = heads / keyValueHeads;
  const count = rows * repeat;
  const scale: f32 = 1 / sqrt<f32>(<f32>headDimension);
  const prefixEnd = roundUp(prefixLength);
  const scoreStride = prefixEnd + roundUp(ownStart + rows);
  const sums = scratch;
  const scores = at(scratch, TILE * PANEL);
  const ownScores = at(scores, prefixEnd);
  const outputStride = heads * headDimension;
  for (let group: i32 = 0; group < keyValueHeads; group++) {
    const keysOfPrefix = at(prefixKeys, group * headDimension * prefixCapacity);
    const valuesOfPrefix = at(prefixValues, group * prefixCapacity * valueWidth);
    const keys = at(ownKeys, group * headDimension * ownCapacity);
    const values = at(ownValues, group * ownCapacity * valueWidth);
    for (let first: i32 = 0; first < count; first += TILE) {
      const last = min(first + TILE, count) - 1;
      const query0 = queryAt(queries, stride, headDimension, group, repeat, first);
      const query1 = queryAt(queries, stride, headDimension, group, repeat, min(first + 1, last));
      const query2 = queryAt(queries, stride, headDimension, group, repeat, min(first + 2, last));
      const query3 = queryAt(queries, stride, headDimension, group, repeat, min(first + 3, last));
      const visible = ownStart + (causal ? last / repeat + 1 : rows);
      const isPair = last - first < 2;
      if (isPair) {
        if (prefixLength > 0) {
          scorePair(
            query0,
            query1,
            headDimension,
            keysOfPrefix,
            prefixCapacity,
            prefixLength,
            scale,
            scores,
            scoreStride,
          );
        }
        scorePair(query0, query1, headDimension, keys, ownCapacity, visible, scale, ownScores, scoreStride);
      } else {
        if (prefixLength > 0) {
          scoreTile(
            query0,
            query1,
            query2,
            query3,
            headDimension,
            keysOfPrefix,
            prefixCapacity,
            prefixLength,
            scale,
            scores,
            scoreStride,
          );
        }
        scoreTile(
          query0,
          query1,
          query2,
          query3,
          headDimension,
          keys,
          ownCapacity,
          visible,
          scale,
          ownScores,
          scoreStride,
        );
      }
      const end = prefixEnd + roundUp(visible);
      // Rows of the tile beyond the last query hold anything: nobody stores what comes of them.
      for (let query: i32 = first; query <= last; query++) {
        const row = query / repeat;
        const limit = ownStart + (causal ? row + 1 : rows);
        const normaliser = softmaxRow(at(scores, (query - first) * scoreStride), prefixLength, prefixEnd, limit, end);
        store<f32>(at(normalisers, row * heads + group * repeat + (query % repeat)), normaliser);
      }
      for (let column: i32 = 0; column < headDimension; column += PANEL) {
        clearTile(sums);
        if (isPair) {
          if (prefixLength > 0) {
            weighPair(scores, scoreStride, at(valuesOfPrefix, column), valueWidth, prefixLength, sums);
          }
          weighPair(ownScores, scoreStride, at(values, column), valueWidth, visible, sums);
        } else {
          if (prefixLength > 0) {
            weighTile(scores, scoreStride, at(valuesOfPrefix, column), valueWidth, prefixLength, sums);
          }
          weighTile(ownScores, scoreStride, at(values, column), valueWidth, visible, sums);
        }
        for (let query: i32 = first; query <= last; query++) {
          const head = group * repeat + (query % repeat);
          const target = at(output, (query / repeat) * outputStride + head * headDimension + column);
          storeLanes(sums, query - first, target, headDimension - column);
        }
      }
    }
  }
}

function queryAt(queries: usize, stride: i32, headDimension: i32, group: i32, repeat: i32, query: i32): usize {
  return at(queries, (query / repeat) * stride + (group * repeat + (query % repeat)) * headDimension);
}

/** The sum of x_i y_i. */
function dot(x: usize, y: usize, count: i32): f32 {
  let lanes = f32x4.splat(0);
  let index: i32 = 0;
  for (; index + 4 <= count; index += 4) {
    lanes = f32x4.add(lanes, f32x4.mul(v128.load(at(x, index)), v128.load(at(y, index))));
  }
  let sum = sumLanes(lanes);
  for (; index < count; index++) sum += load<f32>(at(x, index)) * load<f32>(at(y, index));
  return sum;
}

/** dscore = p (dp - delta) scale, in place of dp. */
function scoreGradientRow(weights: usize, gradients: usize, count: i32, delta: f32, scale: f32): void {
  const deltas = f32x4.splat(delta);
  const factor = f32x4.splat(scale);
  for (let index: i32 = 0; index < count; index += 4) {
    const place = at(gradients, index);
    const change = f32x4.mul(f32x4.mul(v128.load(at(weights, index)), f32x4.sub(v128.load(place), deltas)), factor);
    v128.store(place, change);
  }
}

/**
 * The gradient of attend. Weights are computed anew from the scores and their log-sum-exp; with delta = dO · O of each query,
 * dscore = p (dO · v - delta) (the softmax's gradient, as FlashAttention arranges it, Dao et al. 2022).
 *
 * Caches hold, beside keys and values as attend takes them, values transposed and keys in rows: `keyRows [.., capacity, valueWidth]`,
 * `valueColumns [.., headDimension, capacity]`.
 *
 * @param queryGradients rows of `stride` floats: takes dLoss/dquery
 * @param prefixKeyGradients, prefixValueGradients `[keyValueHeads, prefixCapacity, valueWidth]`: gain dLoss/dkey and dLoss/dvalue
 * @param ownKeyGradients, ownValueGradients likewise with ownCapacity
 * @param scratch room for 32 + 8 * (prefixLength + ownStart + rows + 16) floats
 */
export function attendGradient(
  queries: usize,
  stride: i32,
  rows: i32,
  heads: i32,
  keyValueHeads: i32,
  headDimension: i32,
  valueWidth: i32,
  prefixKeys: usize,
  prefixKeyRows: usize,
  prefixValueColumns: usize,
  prefixKeyGradients: usize,
  prefixValueGradients: usize,
  prefixCapacity: i32,
  prefixLength: i32,
  ownKeys: usize,
  ownKeyRows: usize,
  ownValueColumns: usize,
  ownKeyGradients: usize,
  ownValueGradients: usize,
  ownCapacity: i32,
  ownStart: i32,
  causal: i32,
  output: usize,
  outputGradient: usize,
  normalisers: usize,
  queryGradients: usize,
  scratch: usize,
): void {
  const repeat = heads / keyValueHeads;
  const count = rows * repeat;
  const scale: f32 = 1 / sqrt<f32>(<f32>headDimension);
  const prefixEnd = roundUp(prefixLength);
  const scoreStride = prefixEnd + roundUp(ownStart + rows);
  const sums = scratch;
  const weights = at(scratch, TILE * PANEL);
  const gradients = at(weights, TILE * scoreStride);
  const ownWeights = at(weights, prefixEnd);
  const ownGradients = at(gradients, prefixEnd);
  const outputStride = heads * headDimension;
  for (let group: i32 = 0; group < keyValueHeads; group++) {
    const prefixColumns = group * headDimension * prefixCapacity;
    const prefixRows = group * prefixCapacity * valueWidth;
    const ownColumns = group * headDimension * ownCapacity;
    const ownRows = group * ownCapacity * valueWidth;
    for (let first: i32 = 0; first < count; first += TILE) {
      const last = min(first + TILE, count) - 1;
      const query0 = queryAt(queries, stride, headDimension, group, repeat, first);
      const query1 = queryAt(queries, stride, headDimension, group, repeat, min(first + 1, last));
      const query2 = queryAt(queries, stride, headDimension, group, repeat, min(first + 2, last));
      const query3 = queryAt(queries, stride, headDimension, group, repeat, min(first + 3, last));
      const slope0 = queryAt(outputGradient, outputStride, headDimension, group, repeat, first);
      const slope1 = queryAt(outputGradient, outputStride, headDimension, group, repeat, min(first + 1, last));
      const slope2 = queryAt(outputGradient, outputStride, headDimension, group, repeat, min(first + 2, last));
      const slope3 = queryAt(outputGradient, outputStride, headDimension, group, repeat, min(first + 3, last));
      const visible = ownStart + (causal ? last / repeat + 1 : rows);
      const end = prefixEnd + roundUp(visible);
      if (prefixLength > 0) {
        scoreTile(
          query0,
          query1,
          query2,
          query3,
          headDimension,
          at(prefixKeys, prefixColumns),
          prefixCapacity,
          prefixLength,
          scale,
          weights,
          scoreStride,
        );
        scoreTile(
          slope0,
          slope1,
          slope2,
          slope3,
          headDimension,
          at(prefixValueColumns, prefixColumns),
          prefixCapacity,
          prefixLength,
          1,
          gradients,
          scoreStride,
        );
      }
      scoreTile(
        query0,
        query1,
        query2,
        query3,
        headDimension,
        at(ownKeys, ownColumns),
        ownCapacity,
        visible,
        scale,
        ownWeights,
        scoreStride,
      );
      scoreTile(
        slope0,
        slope1,
        slope2,
        slope3,
        headDimension,
        at(ownValueColumns, ownColumns),
        ownCapacity,
        visible,
        1,
        ownGradients,
        scoreStride,
      );
      for (let query: i32 = first; query < first + TILE; query++) {
        const weightRow = at(weights, (query - first) * scoreStride);
        const gradientRow = at(gradients, (query - first) * scoreStride);
        if (query > last) {
          // A tile that is not full: its last query counts once.
          memory.fill(weightRow, 0, (<usize>end) << 2);
          memory.fill(gradientRow, 0, (<usize>end) << 2);
          continue;
        }
        const row = query / repeat;
        const head = group * repeat + (query % repeat);
        const limit = ownStart + (causal ? row + 1 : rows);
        const normaliser = load<f32>(at(normalisers, row * heads + head));
        weightsOfRow(weightRow, prefixLength, prefixEnd, limit, end, normaliser);
        const place = row * outputStride + head * headDimension;
        const delta = dot(at(output, place), at(outputGradient, place), headDimension);
        // Beyond what a query sees the cache holds anything, even no number: its weight of nothing must not meet that.
        for (let index = prefixLength; index < prefixEnd; index++) store<f32>(at(gradientRow, index), 0);
        for (let index = prefixEnd + limit; index < end; index++) store<f32>(at(gradientRow, index), 0);
        scoreGradientRow(weightRow, gradientRow, end, delta, scale);
      }
      for (let column: i32 = 0; column < headDimension; column += PANEL) {
        clearTile(sums);
        if (prefixLength > 0) {
          weighTile(gradients, scoreStride, at(prefixKeyRows, prefixRows + column), valueWidth, prefixLength, sums);
        }
        weighTile(ownGradients, scoreStride, at(ownKeyRows, ownRows + column), valueWidth, visible, sums);
        for (let query: i32 = first; query <= last; query++) {
          const target = at(queryAt(queryGradients, stride, headDimension, group, repeat, query), column);
          storeLanes(sums, query - first, target, headDimension - column);
        }
      }
      if (prefixLength > 0) {
        updateTile(
          gradients,
          scoreStride,
          query0,
          query1,
          query2,
          query3,
          headDimension,
          prefixLength,
          at(prefixKeyGradients, prefixRows),
          valueWidth,
        );
        updateTile(
          weights,
          scoreStride,
          slope0,
          slope1,
          slope2,
          slope3,
          headDimension,
          prefixLength,
          at(prefixValueGradients, prefixRows),
          valueWidth,
        );
      }
      updateTile(
        ownGradients,
        scoreStride,
        query0,
        query1,
        query2,
        query3,
        headDimension,
        visible,
        at(ownKeyGradients, ownRows),
        valueWidth,
      );
      updateTile(
        ownWeights,
        scoreStride,
        slope0,
        slope1,
        slope2,
        slope3,
        headDimension,
        visible,
        at(ownValueGradients, ownRows),
        valueWidth,
      );
    }
  }
}

/** Adds gradients of keys and values in a cache's layout, `[keyValueHeads, capacity, valueWidth]`, to rows of `stride` floats. */
export function addKeyValueGradients(
  keyGradients: usize,
  valueGradients: usize,
  capacity: i32,
  valueWidth: i32,
  rows: i32,
  keyValueHeads: i32,
  headDimension: i32,
  keyOffset: i32,
  valueOffset: i32,
  target: usize,
  stride: i32,
): void {
  for (let row: i32 = 0; row < rows; row++) {
    for (let head: i32 = 0; head < keyValueHeads; head++) {
      const source = (head * capacity + row) * valueWidth;
      const place = row * stride + head * headDimension;
      addScaled(at(keyGradients, source), 1, at(target, place + keyOffset), headDimension);
      addScaled(at(valueGradients, source), 1, at(target, place + valueOffset), headDimension);
    }
  }
}

/** Keys in rows, and values transposed: what the gradient reads beside what storeKeysValues wrote. */
export function storeKeyRowsValueColumns(
  source: usize,
  stride: i32,
  rows: i32,
  keyValueHeads: i32,
  headDimension: i32,
  keyOffset: i32,
  valueOffset: i32,
  keyRows: usize,
  valueColumns: usize,
  capacity: i32,
  valueWidth: i32,
): void {
  storeKeysValues(
    source,
    stride,
    rows,
    keyValueHeads,
    headDimension,
    valueOffset,
    keyOffset,
    valueColumns,
    keyRows,
    capacity,
    valueWidth,
    0,
  );
}

/** The same out of a cache, for a prompt whose projected rows are no longer there. */
export function transposeCache(
  keys: usize,
  values: usize,
  keyRows: usize,
  valueColumns: usize,
  keyValueHeads: i32,
  headDimension: i32,
  valueWidth: i32,
  capacity: i32,
  count: i32,
): void {
  for (let head: i32 = 0; head < keyValueHeads; head++) {
    for (let index: i32 = 0; index < headDimension; index++) {
      const columns = (head * headDimension + index) * capacity;
      const rows = head * capacity * valueWidth + index;
      for (let key: i32 = 0; key < count; key++) {
        store<f32>(at(keyRows, rows + key * valueWidth), load<f32>(at(keys, columns + key)));
        store<f32>(at(valueColumns, columns + key), load<f32>(at(values, rows + key * valueWidth)));
      }
    }
  }
}
