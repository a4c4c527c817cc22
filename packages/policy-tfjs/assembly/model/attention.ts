import { clearTile, queryAt, roundUp, SUMS, scoreTile, storeLanes, TILE, weighTile } from "./attention-tiles";
import { PANEL } from "./register-tiles";
import { at, Lanes, largestLane, sumLanes } from "./vector";

/*
 * Scaled dot-product attention (Vaswani et al. 2017) with grouped queries (Ainslie et al. 2023), over the keys of a shared prefix and
 * those of the row itself. Keys and values of a sequence lie in a cache:
 *   keys    [keyValueHeads, headDimension, capacity], transposed, so that sixteen products are sixteen neighbouring floats;
 *   values  [keyValueHeads, capacity, valueWidth], rows padded with zeros to a multiple of sixteen.
 * Capacities are multiples of sixteen. What a query gets does not depend on the queries beside it: every sum is its own, in order of keys.
 */

/**
 * Turns one row of products into weights, softmax(scale * products), places outside `[0, first)` and `[start, start + second)` into 0;
 * gives the log-sum-exp where it is wanted. `end` is a multiple of sixteen.
 */
function softmaxRow(
  row: usize,
  first: i32,
  start: i32,
  second: i32,
  end: i32,
  scale: f32,
  isNormaliserWanted: bool,
): f32 {
  for (let index = first; index < start; index++) store<f32>(at(row, index), -Infinity);
  for (let index = start + second; index < end; index++) store<f32>(at(row, index), -Infinity);
  let lowMost = f32x4.splat(-Infinity);
  let highMost = lowMost;
  for (let index: i32 = 0; index < end; index += 8) {
    lowMost = f32x4.pmax(lowMost, v128.load(at(row, index)));
    highMost = f32x4.pmax(highMost, v128.load(at(row, index), 16));
  }
  const largest = largestLane(f32x4.pmax(lowMost, highMost));
  const shift = f32x4.splat(largest);
  const factor = f32x4.splat(scale);
  let lowSum = f32x4.splat(0);
  let highSum = f32x4.splat(0);
  for (let index: i32 = 0; index < end; index += 8) {
    const place = at(row, index);
    let low = v128.load(place);
    let high = v128.load(place, 16);
    low = Lanes.exponential(f32x4.mul(f32x4.sub(low, shift), factor));
    high = Lanes.exponential(f32x4.mul(f32x4.sub(high, shift), factor));
    v128.store(place, low);
    v128.store(place, high, 16);
    lowSum = f32x4.add(lowSum, low);
    highSum = f32x4.add(highSum, high);
  }
  const sum = sumLanes(f32x4.add(lowSum, highSum));
  const share = f32x4.splat(1 / sum);
  for (let index: i32 = 0; index < end; index += 8) {
    const place = at(row, index);
    const low = f32x4.mul(v128.load(place), share);
    const high = f32x4.mul(v128.load(place, 16), share);
    v128.store(place, low);
    v128.store(place, high, 16);
  }
  return isNormaliserWanted ? largest * scale + <f32>Math.log(<f64>sum) : 0;
}

/**
 * Attention of the `rows` queries of one sequence. Query i sees the whole prefix and, of its own keys, the first ownStart + i + 1 when
 * causal, else ownStart + rows.
 *
 * @param queries rows of `stride` floats that begin with `heads` heads
 * @param prefixLength 0 for none; its keys and values are then not read
 * @param output rows of heads * headDimension floats
 * @param normalisers `[rows, heads]` takes the log-sum-exp of each query's scores, which the gradient needs; 0 where none follows
 * @param scratch room for 64 + 4 * (prefixLength + ownStart + rows + 32) floats
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
  const scores = at(scratch, SUMS);
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
      if (prefixLength > 0) {
        scoreTile(
          query0,
          query1,
          query2,
          query3,
          isPair,
          headDimension,
          keysOfPrefix,
          prefixCapacity,
          prefixLength,
          scores,
          scoreStride,
        );
      }
      scoreTile(
        query0,
        query1,
        query2,
        query3,
        isPair,
        headDimension,
        keys,
        ownCapacity,
        visible,
        ownScores,
        scoreStride,
      );
      const end = prefixEnd + roundUp(visible);
      // Rows of the tile beyond the last query hold anything: nobody stores what comes of them.
      for (let query: i32 = first; query <= last; query++) {
        const row = query / repeat;
        const limit = ownStart + (causal ? row + 1 : rows);
        const scoresOfQuery = at(scores, (query - first) * scoreStride);
        const isWanted = normalisers !== 0;
        const normaliser = softmaxRow(scoresOfQuery, prefixLength, prefixEnd, limit, end, scale, isWanted);
        if (isWanted) store<f32>(at(normalisers, row * heads + group * repeat + (query % repeat)), normaliser);
      }
      for (let column: i32 = 0; column < headDimension; column += PANEL) {
        clearTile(sums);
        if (prefixLength > 0) {
          weighTile(scores, scoreStride, isPair, at(valuesOfPrefix, column), valueWidth, prefixLength, sums);
        }
        weighTile(ownScores, scoreStride, isPair, at(values, column), valueWidth, visible, sums);
        for (let query: i32 = first; query <= last; query++) {
          const head = group * repeat + (query % repeat);
          const target = at(output, (query / repeat) * outputStride + head * headDimension + column);
          storeLanes(sums, query - first, target, headDimension - column);
        }
      }
    }
  }
}
