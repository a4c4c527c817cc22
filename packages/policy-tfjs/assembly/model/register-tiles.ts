import { multiplyAdd } from "./vector";

/*
 * The inner loops of products: some rows of A times sixteen columns of B, kept in registers while they are summed up. Of A the addresses
 * of the rows are given, and the bytes from one summand to the next; of B, its first row, and the bytes from one row to the next. Sums
 * begin with `bias`, sixteen floats; what lies at `base` is added, and the result goes to `target`, rows of which are so many bytes
 * apart. Each element is a chain of fused multiply-adds over the depth, in order, by itself: all tiles give the same bits.
 *
 * V8 joins neighbouring vectors of four floats to one of eight only where it sees that no store comes between their loads: each row of
 * a result is read as a whole before it is written.
 */

/** Columns of a tile. */
export const PANEL: i32 = 16;
/** Bytes of as many floats. */
export const PANEL_BYTES: usize = 64;

/** Sixteen zeros: no bias, no base. */
export const ZEROS: usize = memory.data(64, 64);

/** Whether vectors of eight floats, or 32 registers, are at hand: then tiles have sixteen columns at a time, and some six rows. */
let isWide: bool = false;

/** Chooses among tiles that give the same bits. */
export function setWideTiles(wide: i32): void {
  isWide = wide !== 0;
}

/** How many of `rest` rows the next tile is for; the last may overhang. */
export function tileRows(rest: i32): i32 {
  return isWide && (rest > 8 || rest === 6 || rest === 5) ? 6 : 4;
}

/** In line, so that each use is compiled for its own constants. Functions cannot be told so, methods can. */
// biome-ignore lint/complexity/noStaticOnlyClass: see above.
class Tile {
  /** @param rows 2, 4 or 6; a constant, as is whether there are sixteen columns or eight. */
  @inline
  static multiply(
    rows: i32,
    hasSixteenColumns: bool,
    row0: usize,
    row1: usize,
    row2: usize,
    row3: usize,
    row4: usize,
    row5: usize,
    step: usize,
    factors: usize,
    factorStride: usize,
    depth: i32,
    bias: usize,
    base: usize,
    baseStride: usize,
    target: usize,
    targetStride: usize,
  ): void {
    let source0 = row0;
    let source1 = row1;
    let source2 = row2;
    let source3 = row3;
    let source4 = row4;
    let source5 = row5;
    let a0 = v128.load(bias);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let a4 = a0;
    let a5 = a0;
    let b0 = v128.load(bias, 16);
    let b1 = b0;
    let b2 = b0;
    let b3 = b0;
    let b4 = b0;
    let b5 = b0;
    let c0 = hasSixteenColumns ? v128.load(bias, 32) : a0;
    let c1 = c0;
    let c2 = c0;
    let c3 = c0;
    let c4 = c0;
    let c5 = c0;
    let d0 = hasSixteenColumns ? v128.load(bias, 48) : a0;
    let d1 = d0;
    let d2 = d0;
    let d3 = d0;
    let d4 = d0;
    let d5 = d0;
    let factor = factors;
    for (let index: i32 = 0; index < depth; index++) {
      const a = v128.load(factor);
      const b = v128.load(factor, 16);
      const c = hasSixteenColumns ? v128.load(factor, 32) : a;
      const d = hasSixteenColumns ? v128.load(factor, 48) : a;
      let value = v128.load32_splat(source0);
      a0 = multiplyAdd(value, a, a0);
      b0 = multiplyAdd(value, b, b0);
      if (hasSixteenColumns) {
        c0 = multiplyAdd(value, c, c0);
        d0 = multiplyAdd(value, d, d0);
      }
      source0 += step;
      value = v128.load32_splat(source1);
      a1 = multiplyAdd(value, a, a1);
      b1 = multiplyAdd(value, b, b1);
      if (hasSixteenColumns) {
        c1 = multiplyAdd(value, c, c1);
        d1 = multiplyAdd(value, d, d1);
      }
      source1 += step;
      if (rows > 2) {
        value = v128.load32_splat(source2);
        a2 = multiplyAdd(value, a, a2);
        b2 = multiplyAdd(value, b, b2);
        if (hasSixteenColumns) {
          c2 = multiplyAdd(value, c, c2);
          d2 = multiplyAdd(value, d, d2);
        }
        source2 += step;
        value = v128.load32_splat(source3);
        a3 = multiplyAdd(value, a, a3);
        b3 = multiplyAdd(value, b, b3);
        if (hasSixteenColumns) {
          c3 = multiplyAdd(value, c, c3);
          d3 = multiplyAdd(value, d, d3);
        }
        source3 += step;
      }
      if (rows > 4) {
        value = v128.load32_splat(source4);
        a4 = multiplyAdd(value, a, a4);
        b4 = multiplyAdd(value, b, b4);
        if (hasSixteenColumns) {
          c4 = multiplyAdd(value, c, c4);
          d4 = multiplyAdd(value, d, d4);
        }
        source4 += step;
        value = v128.load32_splat(source5);
        a5 = multiplyAdd(value, a, a5);
        b5 = multiplyAdd(value, b, b5);
        if (hasSixteenColumns) {
          c5 = multiplyAdd(value, c, c5);
          d5 = multiplyAdd(value, d, d5);
        }
        source5 += step;
      }
      factor += factorStride;
    }
    Tile.store(hasSixteenColumns, a0, b0, c0, d0, base, target);
    Tile.store(hasSixteenColumns, a1, b1, c1, d1, base + baseStride, target + targetStride);
    if (rows > 2) {
      Tile.store(hasSixteenColumns, a2, b2, c2, d2, base + 2 * baseStride, target + 2 * targetStride);
      Tile.store(hasSixteenColumns, a3, b3, c3, d3, base + 3 * baseStride, target + 3 * targetStride);
    }
    if (rows > 4) {
      Tile.store(hasSixteenColumns, a4, b4, c4, d4, base + 4 * baseStride, target + 4 * targetStride);
      Tile.store(hasSixteenColumns, a5, b5, c5, d5, base + 5 * baseStride, target + 5 * targetStride);
    }
  }

  @inline
  private static store(hasSixteenColumns: bool, a: v128, b: v128, c: v128, d: v128, base: usize, target: usize): void {
    const first = f32x4.add(v128.load(base), a);
    const second = f32x4.add(v128.load(base, 16), b);
    const third = hasSixteenColumns ? f32x4.add(v128.load(base, 32), c) : c;
    const fourth = hasSixteenColumns ? f32x4.add(v128.load(base, 48), d) : d;
    v128.store(target, first);
    v128.store(target, second, 16);
    if (hasSixteenColumns) {
      v128.store(target, third, 32);
      v128.store(target, fourth, 48);
    }
  }
}

/** With vectors of eight floats, six rows and their factors fill fifteen of sixteen registers. */
export function sixRows(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  row4: usize,
  row5: usize,
  step: usize,
  factors: usize,
  factorStride: usize,
  depth: i32,
  bias: usize,
  base: usize,
  baseStride: usize,
  target: usize,
  targetStride: usize,
): void {
  Tile.multiply(
    6,
    true,
    row0,
    row1,
    row2,
    row3,
    row4,
    row5,
    step,
    factors,
    factorStride,
    depth,
    bias,
    base,
    baseStride,
    target,
    targetStride,
  );
}

/** Four rows; where vectors have four floats, eight columns and then the other eight, for which sixteen registers suffice. */
export function fourRows(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  step: usize,
  factors: usize,
  factorStride: usize,
  depth: i32,
  bias: usize,
  base: usize,
  baseStride: usize,
  target: usize,
  targetStride: usize,
): void {
  if (isWide) {
    Tile.multiply(
      4,
      true,
      row0,
      row1,
      row2,
      row3,
      row0,
      row0,
      step,
      factors,
      factorStride,
      depth,
      bias,
      base,
      baseStride,
      target,
      targetStride,
    );
    return;
  }
  for (let half: usize = 0; half < PANEL_BYTES; half += PANEL_BYTES / 2) {
    Tile.multiply(
      4,
      false,
      row0,
      row1,
      row2,
      row3,
      row0,
      row0,
      step,
      factors + half,
      factorStride,
      depth,
      bias + half,
      base + half,
      baseStride,
      target + half,
      targetStride,
    );
  }
}

/** The first two rows of what fourRows computes, where there are no more: one token at a time, a head often has none. */
export function twoRows(
  row0: usize,
  row1: usize,
  step: usize,
  factors: usize,
  factorStride: usize,
  depth: i32,
  bias: usize,
  base: usize,
  baseStride: usize,
  target: usize,
  targetStride: usize,
): void {
  Tile.multiply(
    2,
    true,
    row0,
    row1,
    row0,
    row0,
    row0,
    row0,
    step,
    factors,
    factorStride,
    depth,
    bias,
    base,
    baseStride,
    target,
    targetStride,
  );
}
