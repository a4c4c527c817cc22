import {
  clearTile,
  queryAt,
  roundUp,
  SUMS,
  scoreTile,
  storeLanes,
  TILE,
  updateTile,
  weighTile,
} from "./attention-tiles";
import { PANEL } from "./register-tiles";
import { at, dot, Lanes, multiplyAdd } from "./vector";

/** Turns one row of products into weights again, given the log-sum-exp of scale * products. */
function weightsOfRow(row: usize, first: i32, start: i32, second: i32, end: i32, scale: f32, normaliser: f32): void {
  for (let index = first; index < start; index++) store<f32>(at(row, index), -Infinity);
  for (let index = start + second; index < end; index++) store<f32>(at(row, index), -Infinity);
  const factor = f32x4.splat(scale);
  const shift = f32x4.splat(-normaliser);
  for (let index: i32 = 0; index < end; index += 8) {
    const place = at(row, index);
    let low = v128.load(place);
    let high = v128.load(place, 16);
    low = Lanes.exponential(multiplyAdd(low, factor, shift));
    high = Lanes.exponential(multiplyAdd(high, factor, shift));
    v128.store(place, low);
    v128.store(place, high, 16);
  }
}

/** dscore = p (dp - delta) scale, in place of dp. */
function scoreGradientRow(weights: usize, gradients: usize, count: i32, delta: f32, scale: f32): void {
  const deltas = f32x4.splat(delta);
  const factor = f32x4.splat(scale);
  for (let index: i32 = 0; index < count; index += 8) {
    const place = at(gradients, index);
    const weight = at(weights, index);
    const low = f32x4.mul(f32x4.mul(v128.load(weight), f32x4.sub(v128.load(place), deltas)), factor);
    const high = f32x4.mul(f32x4.mul(v128.load(weight, 16), f32x4.sub(v128.load(place, 16), deltas)), factor);
    v128.store(place, low);
    v128.store(place, high, 16);
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
 * @param scratch room for 64 + 8 * (prefixLength + ownStart + rows + 32) floats
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
  const weights = at(scratch, SUMS);
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
          false,
          headDimension,
          at(prefixKeys, prefixColumns),
          prefixCapacity,
          prefixLength,
          weights,
          scoreStride,
        );
        scoreTile(
          slope0,
          slope1,
          slope2,
          slope3,
          false,
          headDimension,
          at(prefixValueColumns, prefixColumns),
          prefixCapacity,
          prefixLength,
          gradients,
          scoreStride,
        );
      }
      scoreTile(
        query0,
        query1,
        query2,
        query3,
        false,
        headDimension,
        at(ownKeys, ownColumns),
        ownCapacity,
        visible,
        ownWeights,
        scoreStride,
      );
      scoreTile(
        slope0,
        slope1,
        slope2,
        slope3,
        false,
        headDimension,
        at(ownValueColumns, ownColumns),
        ownCapacity,
        visible,
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
        weightsOfRow(weightRow, prefixLength, prefixEnd, limit, end, scale, normaliser);
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
          weighTile(
            gradients,
            scoreStride,
            false,
            at(prefixKeyRows, prefixRows + column),
            valueWidth,
            prefixLength,
            sums,
          );
        }
        weighTile(ownGradients, scoreStride, false, at(ownKeyRows, ownRows + column), valueWidth, visible, sums);
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
