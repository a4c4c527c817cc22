import { fourRows, PANEL, PANEL_BYTES, twoRows, ZEROS } from "./register-tiles";
import { at, multiplyAdd } from "./vector";

/** Queries that one register tile takes. */
export const TILE: i32 = 4;
/** Floats of the room in which a tile's sums over values are made. */
export const SUMS: i32 = TILE * PANEL;

export function roundUp(count: i32): i32 {
  return (count + PANEL - 1) & ~(PANEL - 1);
}

/** Products of four queries, or of two, with `count` keys, in `[4, scoreStride]`; written in sixteens. */
export function scoreTile(
  query0: usize,
  query1: usize,
  query2: usize,
  query3: usize,
  isPair: bool,
  headDimension: i32,
  keys: usize,
  capacity: i32,
  count: i32,
  scores: usize,
  scoreStride: i32,
): void {
  const keyStride: usize = (<usize>capacity) << 2;
  const stride: usize = (<usize>scoreStride) << 2;
  for (let column: i32 = 0; column < count; column += PANEL) {
    const key = at(keys, column);
    const target = at(scores, column);
    if (isPair) twoRows(query0, query1, 4, key, keyStride, headDimension, ZEROS, ZEROS, 0, target, stride);
    else {
      fourRows(query0, query1, query2, query3, 4, key, keyStride, headDimension, ZEROS, ZEROS, 0, target, stride);
    }
  }
}

/** Adds `weights[0..count) · values` to `sums` `[4, 16]`: values are 16 columns of rows `valueWidth` apart. */
export function weighTile(
  weights: usize,
  weightStride: i32,
  isPair: bool,
  values: usize,
  valueWidth: i32,
  count: i32,
  sums: usize,
): void {
  const row1 = at(weights, weightStride);
  const valueStride: usize = (<usize>valueWidth) << 2;
  if (isPair) {
    twoRows(weights, row1, 4, values, valueStride, count, ZEROS, sums, PANEL_BYTES, sums, PANEL_BYTES);
    return;
  }
  const row2 = at(row1, weightStride);
  const row3 = at(row2, weightStride);
  fourRows(weights, row1, row2, row3, 4, values, valueStride, count, ZEROS, sums, PANEL_BYTES, sums, PANEL_BYTES);
}

export function clearTile(sums: usize): void {
  memory.fill(sums, 0, SUMS * 4);
}

/** Rank-four update: rows of `target`, `rowWidth` apart, gain weights[0..4)[key] · vectors[0..4). */
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
  for (let column: i32 = 0; column < width; column += 8) {
    // Heads are multiples of eight wide in practice; the few lanes of others are added one by one.
    if (column + 8 > width) {
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
    const low0 = v128.load(at(vector0, column)),
      high0 = v128.load(at(vector0, column), 16);
    const low1 = v128.load(at(vector1, column)),
      high1 = v128.load(at(vector1, column), 16);
    const low2 = v128.load(at(vector2, column)),
      high2 = v128.load(at(vector2, column), 16);
    const low3 = v128.load(at(vector3, column)),
      high3 = v128.load(at(vector3, column), 16);
    let weight0 = weights;
    let weight1 = at(weight0, weightStride);
    let weight2 = at(weight1, weightStride);
    let weight3 = at(weight2, weightStride);
    let place = at(target, column);
    for (let key: i32 = 0; key < count; key++) {
      let low = v128.load(place);
      let high = v128.load(place, 16);
      let weight = v128.load32_splat(weight0);
      low = multiplyAdd(weight, low0, low);
      high = multiplyAdd(weight, high0, high);
      weight = v128.load32_splat(weight1);
      low = multiplyAdd(weight, low1, low);
      high = multiplyAdd(weight, high1, high);
      weight = v128.load32_splat(weight2);
      low = multiplyAdd(weight, low2, low);
      high = multiplyAdd(weight, high2, high);
      weight = v128.load32_splat(weight3);
      low = multiplyAdd(weight, low3, low);
      high = multiplyAdd(weight, high3, high);
      v128.store(place, low);
      v128.store(place, high, 16);
      weight0 += 4;
      weight1 += 4;
      weight2 += 4;
      weight3 += 4;
      place = at(place, rowWidth);
    }
  }
}

/** Copies the first `width` floats of one row of sums. */
export function storeLanes(sums: usize, row: i32, target: usize, width: i32): void {
  memory.copy(target, at(sums, row * PANEL), (<usize>min(width, PANEL)) << 2);
}

/** Where query `query` of a group of heads begins: the heads of one row come one after the other. */
export function queryAt(queries: usize, stride: i32, headDimension: i32, group: i32, repeat: i32, query: i32): usize {
  return at(queries, (query / repeat) * stride + (group * repeat + (query % repeat)) * headDimension);
}
