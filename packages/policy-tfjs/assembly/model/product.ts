import { at } from "./vector";

/** Columns of a panel: two vectors of four. */
export const PANEL: i32 = 8;
/** Rows that one register tile takes. */
const TILE: i32 = 4;
/** Floats of the first factor that are walked through before the next panel: they stay in the second-level cache. */
const BLOCK: i32 = 32768;
/** Rows that one step of the transposed product sums over: two panels of them stay in the first-level cache. */
const DEPTH: i32 = 512;

/** Copies B, `[k, n]` or as its transpose `[n, k]`, into panels of 8 columns: panel p holds `[k, 8]`, padded with zeros. */
export function packPanels(b: usize, panels: usize, k: i32, n: i32, transposed: i32): void {
  const rowStep: i32 = transposed ? 1 : n;
  const columnStep: i32 = transposed ? k : 1;
  let target = panels;
  for (let column: i32 = 0; column < n; column += PANEL) {
    const width = min(PANEL, n - column);
    for (let row: i32 = 0; row < k; row++) {
      let source = at(b, row * rowStep + column * columnStep);
      if (width === PANEL && columnStep === 1) {
        v128.store(target, v128.load(source));
        v128.store(target, v128.load(source, 16), 16);
      } else {
        for (let lane: i32 = 0; lane < PANEL; lane++) {
          store<f32>(at(target, lane), lane < width ? load<f32>(source) : <f32>0);
          source = at(source, columnStep);
        }
      }
      target = at(target, PANEL);
    }
  }
}

/** Copies A `[m, k]` into tiles of 4 columns: tile t holds `[m, 4]`, padded with zeros. */
export function packTiles(a: usize, tiles: usize, m: i32, k: i32): void {
  let target = tiles;
  for (let column: i32 = 0; column < k; column += TILE) {
    const width = min(TILE, k - column);
    for (let row: i32 = 0; row < m; row++) {
      const source = at(a, row * k + column);
      if (width === TILE) v128.store(target, v128.load(source));
      else {
        for (let lane: i32 = 0; lane < TILE; lane++) {
          store<f32>(at(target, lane), lane < width ? load<f32>(at(source, lane)) : <f32>0);
        }
      }
      target = at(target, TILE);
    }
  }
}

/** Stores the first `width` of eight lanes, on top of what is there if told to. */
function storeRow(low: v128, high: v128, target: usize, width: i32, accumulate: i32): void {
  if (width === PANEL) {
    if (accumulate) {
      low = f32x4.add(v128.load(target), low);
      high = f32x4.add(v128.load(target, 16), high);
    }
    v128.store(target, low);
    v128.store(target, high, 16);
  } else storePart(low, high, target, width, accumulate);
}

function storePart(low: v128, high: v128, target: usize, width: i32, accumulate: i32): void {
  let rest = low;
  for (let lane: i32 = 0; lane < width; lane++) {
    if (lane === 4) rest = high;
    const value = f32x4.extract_lane(rest, 0);
    const place = at(target, lane);
    store<f32>(place, accumulate ? load<f32>(place) + value : value);
    rest = v128.shuffle<f32>(rest, rest, 1, 2, 3, 0);
  }
}

/**
 * C = A · B + bias, or C += A · B + bias. Each element is a sum over k in order, by itself: it does not depend on the rows around it.
 *
 * @param a `[m, k]`
 * @param panels B `[k, n]` as packPanels leaves it
 * @param bias `[n]`, readable up to a multiple of 8, or 0 for none
 * @param c `[m, n]`
 */
export function product(a: usize, panels: usize, bias: usize, c: usize, m: i32, n: i32, k: i32, accumulate: i32): void {
  const stride: usize = (<usize>k) << 2;
  const block: i32 = max(TILE, (BLOCK / k) & ~3);
  for (let start: i32 = 0; start < m; start += block) {
    const end = min(m, start + block);
    let panel = panels;
    for (let column: i32 = 0; column < n; column += PANEL) {
      const width = min(PANEL, n - column);
      const biasLow = bias ? v128.load(at(bias, column)) : f32x4.splat(0);
      const biasHigh = bias ? v128.load(at(bias, column), 16) : f32x4.splat(0);
      for (let row: i32 = start; row < end; row += TILE) {
        // A tile that is not full computes its last row more than once.
        const rows = min(TILE, end - row);
        let source0 = at(a, row * k);
        let source1 = rows > 1 ? source0 + stride : source0;
        let source2 = rows > 2 ? source1 + stride : source1;
        let source3 = rows > 3 ? source2 + stride : source2;
        let low0 = f32x4.splat(0),
          high0 = low0,
          low1 = low0,
          high1 = low0;
        let low2 = low0,
          high2 = low0,
          low3 = low0,
          high3 = low0;
        let weights = panel;
        for (let depth: i32 = 0; depth < k; depth++) {
          const lowB = v128.load(weights);
          const highB = v128.load(weights, 16);
          let value = v128.load32_splat(source0);
          low0 = f32x4.add(low0, f32x4.mul(value, lowB));
          high0 = f32x4.add(high0, f32x4.mul(value, highB));
          value = v128.load32_splat(source1);
          low1 = f32x4.add(low1, f32x4.mul(value, lowB));
          high1 = f32x4.add(high1, f32x4.mul(value, highB));
          value = v128.load32_splat(source2);
          low2 = f32x4.add(low2, f32x4.mul(value, lowB));
          high2 = f32x4.add(high2, f32x4.mul(value, highB));
          value = v128.load32_splat(source3);
          low3 = f32x4.add(low3, f32x4.mul(value, lowB));
          high3 = f32x4.add(high3, f32x4.mul(value, highB));
          source0 += 4;
          source1 += 4;
          source2 += 4;
          source3 += 4;
          weights += 32;
        }
        const target = at(c, row * n + column);
        storeRow(f32x4.add(low0, biasLow), f32x4.add(high0, biasHigh), target, width, accumulate);
        if (rows > 1) {
          storeRow(f32x4.add(low1, biasLow), f32x4.add(high1, biasHigh), at(target, n), width, accumulate);
        }
        if (rows > 2) {
          storeRow(f32x4.add(low2, biasLow), f32x4.add(high2, biasHigh), at(target, 2 * n), width, accumulate);
        }
        if (rows > 3) {
          storeRow(f32x4.add(low3, biasLow), f32x4.add(high3, biasHigh), at(target, 3 * n), width, accumulate);
        }
      }
      panel = at(panel, k * PANEL);
    }
  }
}

/**
 * C += Aᵀ · B, the gradient of a kernel: sums over m in order.
 *
 * @param tiles A `[m, k]` as packTiles leaves it
 * @param panels B `[m, n]` as packPanels leaves it
 * @param c `[k, n]`
 */
export function transposedProduct(tiles: usize, panels: usize, c: usize, m: i32, n: i32, k: i32): void {
  for (let start: i32 = 0; start < m; start += DEPTH) {
    const end = min(m, start + DEPTH);
    for (let column: i32 = 0; column < n; column += PANEL) {
      const width = min(PANEL, n - column);
      const panel = at(panels, column * m + start * PANEL);
      for (let row: i32 = 0; row < k; row += TILE) {
        const rows = min(TILE, k - row);
        let low0 = f32x4.splat(0),
          high0 = low0,
          low1 = low0,
          high1 = low0;
        let low2 = low0,
          high2 = low0,
          low3 = low0,
          high3 = low0;
        let values = at(tiles, row * m + start * TILE);
        let weights = panel;
        for (let depth: i32 = start; depth < end; depth++) {
          const lowB = v128.load(weights);
          const highB = v128.load(weights, 16);
          let value = v128.load32_splat(values);
          low0 = f32x4.add(low0, f32x4.mul(value, lowB));
          high0 = f32x4.add(high0, f32x4.mul(value, highB));
          value = v128.load32_splat(values, 4);
          low1 = f32x4.add(low1, f32x4.mul(value, lowB));
          high1 = f32x4.add(high1, f32x4.mul(value, highB));
          value = v128.load32_splat(values, 8);
          low2 = f32x4.add(low2, f32x4.mul(value, lowB));
          high2 = f32x4.add(high2, f32x4.mul(value, highB));
          value = v128.load32_splat(values, 12);
          low3 = f32x4.add(low3, f32x4.mul(value, lowB));
          high3 = f32x4.add(high3, f32x4.mul(value, highB));
          values += 16;
          weights += 32;
        }
        const target = at(c, row * n + column);
        storeRow(low0, high0, target, width, 1);
        if (rows > 1) storeRow(low1, high1, at(target, n), width, 1);
        if (rows > 2) storeRow(low2, high2, at(target, 2 * n), width, 1);
        if (rows > 3) storeRow(low3, high3, at(target, 3 * n), width, 1);
      }
    }
  }
}

/** Adds every row of A `[m, n]` to c `[n]`, in order. */
export function sumRows(a: usize, c: usize, m: i32, n: i32): void {
  for (let row: i32 = 0; row < m; row++) addScaled(at(a, row * n), 1, c, n);
}

/** y += factor x, both `[count]`. */
export function addScaled(x: usize, factor: f32, y: usize, count: i32): void {
  const factors = f32x4.splat(factor);
  let index: i32 = 0;
  for (; index + 4 <= count; index += 4) {
    const target = at(y, index);
    v128.store(target, f32x4.add(v128.load(target), f32x4.mul(factors, v128.load(at(x, index)))));
  }
  for (; index < count; index++) store<f32>(at(y, index), load<f32>(at(y, index)) + factor * load<f32>(at(x, index)));
}
