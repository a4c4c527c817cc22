import {
  clearTile,
  PANEL,
  queryAt,
  roundUp,
  scorePair,
  scoreTile,
  storeLanes,
  TILE,
  weighPair,
  weighTile,
} from "./attention-tiles";
import { at, exponential, largestLane, sumLanes } from "./vector";

/*
 * Scaled dot-product attention (Vaswani et al. 2017) with grouped queries (Ainslie et al. 2023), over the keys of a shared prefix and
 * those of the row itself. Keys and values of a sequence lie in a cache:
 *   keys    [keyValueHeads, headDimension, capacity], transposed, so that eight scores are eight neighbouring floats;
 *   values  [keyValueHeads, capacity, valueWidth], rows padded with zeros to a multiple of eight.
 * Capacities are multiples of eight. What a query gets does not depend on the queries beside it: every sum is its own, in order of keys.
 */

/** Turns one row of scores into weights, places outside `[0, first)` and `[start, start + second)` into 0; gives the log-sum-exp. */
function softmaxRow(row: usize, first: i32, start: i32, second: i32, end: i32): f32 {
  for (let index = first; index < start; index++) store<f32>(at(row, index), -Infinity);
  for (let index = start + second; index < end; index++) store<f32>(at(row, index), -Infinity);
  let most = f32x4.splat(-Infinity);
  for (let index: i32 = 0; index < end; index += 4) most = f32x4.pmax(most, v128.load(at(row, index)));
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
