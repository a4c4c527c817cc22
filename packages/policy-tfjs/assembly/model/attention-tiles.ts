import { at } from "./vector";

/** Queries that one register tile takes. */
export const TILE: i32 = 4;
export const PANEL: i32 = 8;

export function roundUp(count: i32): i32 {
  return (count + 7) & ~7;
}

/** Scores of four queries against `count` keys, times scale, in `[4, scoreStride]`; written in eights. */
export function scoreTile(
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
export function scorePair(
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
export function weighTile(
  weights: usize,
  weightStride: i32,
  values: usize,
  valueWidth: i32,
  count: i32,
  sums: usize,
): void {
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
export function weighPair(
  weights: usize,
  weightStride: i32,
  values: usize,
  valueWidth: i32,
  count: i32,
  sums: usize,
): void {
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

export function clearTile(sums: usize): void {
  memory.fill(sums, 0, 128);
}

/** Rank-four update: rows of `target`, `rowWidth` apart, gain weights[0..4)[key] · vectors[0..4), 8 columns from `column` on. */
export function updateTile(
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

export function storeLanes(sums: usize, row: i32, target: usize, width: i32): void {
  const source = at(sums, row * PANEL);
  if (width >= PANEL) {
    v128.store(target, v128.load(source));
    v128.store(target, v128.load(source, 16), 16);
    return;
  }
  for (let lane: i32 = 0; lane < width; lane++) store<f32>(at(target, lane), load<f32>(at(source, lane)));
}

/** Where query `query` of a group of heads begins: the heads of one row come one after the other. */
export function queryAt(queries: usize, stride: i32, headDimension: i32, group: i32, repeat: i32, query: i32): usize {
  return at(queries, (query / repeat) * stride + (group * repeat + (query % repeat)) * headDimension);
}
