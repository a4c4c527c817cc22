import { multiplyTile } from "./matrix-tile";
import { PANEL, tileRows } from "./register-tiles";
import { at, multiplyAdd } from "./vector";

/** Floats of the first factor that are walked through before the next panel: they stay in the second-level cache. */
const BLOCK: i32 = 32768;
/** Rows that one step of the transposed product sums over: its panel stays in the first-level cache. */
const DEPTH: i32 = 512;
/** Rows of a block are a multiple of this, so that no tile overhangs but the last. */
const WHOLE_TILES: i32 = 12;

/** Copies B, `[k, n]` or as its transpose `[n, k]`, into panels of 16 columns: panel p holds `[k, 16]`, padded with zeros. */
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
        v128.store(target, v128.load(source, 32), 32);
        v128.store(target, v128.load(source, 48), 48);
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

/** Copies A `[m, k]` into tiles of some columns, as tileRows has it: a tile holds `[m, columns]`, padded with zeros. */
export function packTiles(a: usize, tiles: usize, m: i32, k: i32): void {
  let target = tiles;
  let column: i32 = 0;
  while (column < k) {
    const size = tileRows(k - column);
    const width = min(size, k - column);
    for (let row: i32 = 0; row < m; row++) {
      const source = at(a, row * k + column);
      if (width === size) {
        v128.store(target, v128.load(source));
        if (size === 6) store<u64>(target, load<u64>(source, 16), 16);
        target = at(target, size);
        continue;
      }
      for (let lane: i32 = 0; lane < size; lane++) {
        store<f32>(at(target, lane), lane < width ? load<f32>(at(source, lane)) : <f32>0);
      }
      target = at(target, size);
    }
    column += size;
  }
}

/**
 * C = A · B + bias, or C += A · B + bias. Each element is a sum over k in order, by itself: it does not depend on the rows around it.
 *
 * @param a `[m, k]`
 * @param panels B `[k, n]` as packPanels leaves it
 * @param bias `[n]`, readable up to a multiple of 16, or 0 for none
 * @param c `[m, n]`
 */
export function product(a: usize, panels: usize, bias: usize, c: usize, m: i32, n: i32, k: i32, accumulate: i32): void {
  const stride: usize = (<usize>k) << 2;
  const last = at(a, (m - 1) * k);
  const block: i32 = max(1, BLOCK / (k * WHOLE_TILES)) * WHOLE_TILES;
  for (let start: i32 = 0; start < m; start += block) {
    const end = min(m, start + block);
    let panel = panels;
    for (let column: i32 = 0; column < n; column += PANEL) {
      const columns = min(PANEL, n - column);
      const biasOfColumns = bias ? at(bias, column) : 0;
      let row: i32 = start;
      while (row < end) {
        const size = tileRows(end - row);
        const rows = min(size, end - row);
        const target = at(c, row * n + column);
        const source = at(a, row * k);
        multiplyTile(source, stride, 4, last, panel, k, biasOfColumns, target, n, size, rows, columns, accumulate);
        row += size;
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
    const depth = min(DEPTH, m - start);
    for (let column: i32 = 0; column < n; column += PANEL) {
      const columns = min(PANEL, n - column);
      const panel = at(panels, column * m + start * PANEL);
      let row: i32 = 0;
      while (row < k) {
        const size = tileRows(k - row);
        const rows = min(size, k - row);
        const source = at(tiles, row * m + start * size);
        const step: usize = (<usize>size) << 2;
        multiplyTile(
          source,
          4,
          step,
          usize.MAX_VALUE,
          panel,
          depth,
          0,
          at(c, row * n + column),
          n,
          size,
          rows,
          columns,
          1,
        );
        row += size;
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
    v128.store(target, multiplyAdd(factors, v128.load(at(x, index)), v128.load(target)));
  }
  for (; index < count; index++) store<f32>(at(y, index), load<f32>(at(y, index)) + factor * load<f32>(at(x, index)));
}
