import { at, multiplyAdd } from "./vector";

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
/** A tile of its own, `[6, 16]`, for what overhangs a matrix. */
const OVERHANG: usize = memory.data(384, 64);

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

/** With vectors of eight floats, six rows and their factors fill fifteen of sixteen registers. */
function sixRows(
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
  let a0 = v128.load(bias),
    a1 = a0,
    a2 = a0,
    a3 = a0,
    a4 = a0,
    a5 = a0;
  let b0 = v128.load(bias, 16),
    b1 = b0,
    b2 = b0,
    b3 = b0,
    b4 = b0,
    b5 = b0;
  let c0 = v128.load(bias, 32),
    c1 = c0,
    c2 = c0,
    c3 = c0,
    c4 = c0,
    c5 = c0;
  let d0 = v128.load(bias, 48),
    d1 = d0,
    d2 = d0,
    d3 = d0,
    d4 = d0,
    d5 = d0;
  let factor = factors;
  for (let index: i32 = 0; index < depth; index++) {
    const a = v128.load(factor);
    const b = v128.load(factor, 16);
    const c = v128.load(factor, 32);
    const d = v128.load(factor, 48);
    let value = v128.load32_splat(source0);
    a0 = multiplyAdd(value, a, a0);
    b0 = multiplyAdd(value, b, b0);
    c0 = multiplyAdd(value, c, c0);
    d0 = multiplyAdd(value, d, d0);
    value = v128.load32_splat(source1);
    a1 = multiplyAdd(value, a, a1);
    b1 = multiplyAdd(value, b, b1);
    c1 = multiplyAdd(value, c, c1);
    d1 = multiplyAdd(value, d, d1);
    value = v128.load32_splat(source2);
    a2 = multiplyAdd(value, a, a2);
    b2 = multiplyAdd(value, b, b2);
    c2 = multiplyAdd(value, c, c2);
    d2 = multiplyAdd(value, d, d2);
    value = v128.load32_splat(source3);
    a3 = multiplyAdd(value, a, a3);
    b3 = multiplyAdd(value, b, b3);
    c3 = multiplyAdd(value, c, c3);
    d3 = multiplyAdd(value, d, d3);
    value = v128.load32_splat(source4);
    a4 = multiplyAdd(value, a, a4);
    b4 = multiplyAdd(value, b, b4);
    c4 = multiplyAdd(value, c, c4);
    d4 = multiplyAdd(value, d, d4);
    value = v128.load32_splat(source5);
    a5 = multiplyAdd(value, a, a5);
    b5 = multiplyAdd(value, b, b5);
    c5 = multiplyAdd(value, c, c5);
    d5 = multiplyAdd(value, d, d5);
    source0 += step;
    source1 += step;
    source2 += step;
    source3 += step;
    source4 += step;
    source5 += step;
    factor += factorStride;
  }
  let on = base;
  let to = target;
  a0 = f32x4.add(v128.load(on), a0);
  b0 = f32x4.add(v128.load(on, 16), b0);
  c0 = f32x4.add(v128.load(on, 32), c0);
  d0 = f32x4.add(v128.load(on, 48), d0);
  v128.store(to, a0);
  v128.store(to, b0, 16);
  v128.store(to, c0, 32);
  v128.store(to, d0, 48);
  on += baseStride;
  to += targetStride;
  a1 = f32x4.add(v128.load(on), a1);
  b1 = f32x4.add(v128.load(on, 16), b1);
  c1 = f32x4.add(v128.load(on, 32), c1);
  d1 = f32x4.add(v128.load(on, 48), d1);
  v128.store(to, a1);
  v128.store(to, b1, 16);
  v128.store(to, c1, 32);
  v128.store(to, d1, 48);
  on += baseStride;
  to += targetStride;
  a2 = f32x4.add(v128.load(on), a2);
  b2 = f32x4.add(v128.load(on, 16), b2);
  c2 = f32x4.add(v128.load(on, 32), c2);
  d2 = f32x4.add(v128.load(on, 48), d2);
  v128.store(to, a2);
  v128.store(to, b2, 16);
  v128.store(to, c2, 32);
  v128.store(to, d2, 48);
  on += baseStride;
  to += targetStride;
  a3 = f32x4.add(v128.load(on), a3);
  b3 = f32x4.add(v128.load(on, 16), b3);
  c3 = f32x4.add(v128.load(on, 32), c3);
  d3 = f32x4.add(v128.load(on, 48), d3);
  v128.store(to, a3);
  v128.store(to, b3, 16);
  v128.store(to, c3, 32);
  v128.store(to, d3, 48);
  on += baseStride;
  to += targetStride;
  a4 = f32x4.add(v128.load(on), a4);
  b4 = f32x4.add(v128.load(on, 16), b4);
  c4 = f32x4.add(v128.load(on, 32), c4);
  d4 = f32x4.add(v128.load(on, 48), d4);
  v128.store(to, a4);
  v128.store(to, b4, 16);
  v128.store(to, c4, 32);
  v128.store(to, d4, 48);
  on += baseStride;
  to += targetStride;
  a5 = f32x4.add(v128.load(on), a5);
  b5 = f32x4.add(v128.load(on, 16), b5);
  c5 = f32x4.add(v128.load(on, 32), c5);
  d5 = f32x4.add(v128.load(on, 48), d5);
  v128.store(to, a5);
  v128.store(to, b5, 16);
  v128.store(to, c5, 32);
  v128.store(to, d5, 48);
}

function fourWideRows(
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
  let source0 = row0;
  let source1 = row1;
  let source2 = row2;
  let source3 = row3;
  let a0 = v128.load(bias),
    a1 = a0,
    a2 = a0,
    a3 = a0;
  let b0 = v128.load(bias, 16),
    b1 = b0,
    b2 = b0,
    b3 = b0;
  let c0 = v128.load(bias, 32),
    c1 = c0,
    c2 = c0,
    c3 = c0;
  let d0 = v128.load(bias, 48),
    d1 = d0,
    d2 = d0,
    d3 = d0;
  let factor = factors;
  for (let index: i32 = 0; index < depth; index++) {
    const a = v128.load(factor);
    const b = v128.load(factor, 16);
    const c = v128.load(factor, 32);
    const d = v128.load(factor, 48);
    let value = v128.load32_splat(source0);
    a0 = multiplyAdd(value, a, a0);
    b0 = multiplyAdd(value, b, b0);
    c0 = multiplyAdd(value, c, c0);
    d0 = multiplyAdd(value, d, d0);
    value = v128.load32_splat(source1);
    a1 = multiplyAdd(value, a, a1);
    b1 = multiplyAdd(value, b, b1);
    c1 = multiplyAdd(value, c, c1);
    d1 = multiplyAdd(value, d, d1);
    value = v128.load32_splat(source2);
    a2 = multiplyAdd(value, a, a2);
    b2 = multiplyAdd(value, b, b2);
    c2 = multiplyAdd(value, c, c2);
    d2 = multiplyAdd(value, d, d2);
    value = v128.load32_splat(source3);
    a3 = multiplyAdd(value, a, a3);
    b3 = multiplyAdd(value, b, b3);
    c3 = multiplyAdd(value, c, c3);
    d3 = multiplyAdd(value, d, d3);
    source0 += step;
    source1 += step;
    source2 += step;
    source3 += step;
    factor += factorStride;
  }
  let on = base;
  let to = target;
  a0 = f32x4.add(v128.load(on), a0);
  b0 = f32x4.add(v128.load(on, 16), b0);
  c0 = f32x4.add(v128.load(on, 32), c0);
  d0 = f32x4.add(v128.load(on, 48), d0);
  v128.store(to, a0);
  v128.store(to, b0, 16);
  v128.store(to, c0, 32);
  v128.store(to, d0, 48);
  on += baseStride;
  to += targetStride;
  a1 = f32x4.add(v128.load(on), a1);
  b1 = f32x4.add(v128.load(on, 16), b1);
  c1 = f32x4.add(v128.load(on, 32), c1);
  d1 = f32x4.add(v128.load(on, 48), d1);
  v128.store(to, a1);
  v128.store(to, b1, 16);
  v128.store(to, c1, 32);
  v128.store(to, d1, 48);
  on += baseStride;
  to += targetStride;
  a2 = f32x4.add(v128.load(on), a2);
  b2 = f32x4.add(v128.load(on, 16), b2);
  c2 = f32x4.add(v128.load(on, 32), c2);
  d2 = f32x4.add(v128.load(on, 48), d2);
  v128.store(to, a2);
  v128.store(to, b2, 16);
  v128.store(to, c2, 32);
  v128.store(to, d2, 48);
  on += baseStride;
  to += targetStride;
  a3 = f32x4.add(v128.load(on), a3);
  b3 = f32x4.add(v128.load(on, 16), b3);
  c3 = f32x4.add(v128.load(on, 32), c3);
  d3 = f32x4.add(v128.load(on, 48), d3);
  v128.store(to, a3);
  v128.store(to, b3, 16);
  v128.store(to, c3, 32);
  v128.store(to, d3, 48);
}

/** Eight columns and then the other eight, for sixteen registers of four floats. */
function fourNarrowRows(
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
  for (let half: usize = 0; half < PANEL_BYTES; half += 32) {
    let source0 = row0;
    let source1 = row1;
    let source2 = row2;
    let source3 = row3;
    let a0 = v128.load(bias + half),
      a1 = a0,
      a2 = a0,
      a3 = a0;
    let b0 = v128.load(bias + half, 16),
      b1 = b0,
      b2 = b0,
      b3 = b0;
    let factor = factors + half;
    for (let index: i32 = 0; index < depth; index++) {
      const a = v128.load(factor);
      const b = v128.load(factor, 16);
      let value = v128.load32_splat(source0);
      a0 = multiplyAdd(value, a, a0);
      b0 = multiplyAdd(value, b, b0);
      value = v128.load32_splat(source1);
      a1 = multiplyAdd(value, a, a1);
      b1 = multiplyAdd(value, b, b1);
      value = v128.load32_splat(source2);
      a2 = multiplyAdd(value, a, a2);
      b2 = multiplyAdd(value, b, b2);
      value = v128.load32_splat(source3);
      a3 = multiplyAdd(value, a, a3);
      b3 = multiplyAdd(value, b, b3);
      source0 += step;
      source1 += step;
      source2 += step;
      source3 += step;
      factor += factorStride;
    }
    let on = base + half;
    let to = target + half;
    a0 = f32x4.add(v128.load(on), a0);
    b0 = f32x4.add(v128.load(on, 16), b0);
    v128.store(to, a0);
    v128.store(to, b0, 16);
    on += baseStride;
    to += targetStride;
    a1 = f32x4.add(v128.load(on), a1);
    b1 = f32x4.add(v128.load(on, 16), b1);
    v128.store(to, a1);
    v128.store(to, b1, 16);
    on += baseStride;
    to += targetStride;
    a2 = f32x4.add(v128.load(on), a2);
    b2 = f32x4.add(v128.load(on, 16), b2);
    v128.store(to, a2);
    v128.store(to, b2, 16);
    on += baseStride;
    to += targetStride;
    a3 = f32x4.add(v128.load(on), a3);
    b3 = f32x4.add(v128.load(on, 16), b3);
    v128.store(to, a3);
    v128.store(to, b3, 16);
  }
}

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
    fourWideRows(
      row0,
      row1,
      row2,
      row3,
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
  } else {
    fourNarrowRows(
      row0,
      row1,
      row2,
      row3,
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
  let source0 = row0;
  let source1 = row1;
  let a0 = v128.load(bias),
    a1 = a0;
  let b0 = v128.load(bias, 16),
    b1 = b0;
  let c0 = v128.load(bias, 32),
    c1 = c0;
  let d0 = v128.load(bias, 48),
    d1 = d0;
  let factor = factors;
  for (let index: i32 = 0; index < depth; index++) {
    const a = v128.load(factor);
    const b = v128.load(factor, 16);
    const c = v128.load(factor, 32);
    const d = v128.load(factor, 48);
    let value = v128.load32_splat(source0);
    a0 = multiplyAdd(value, a, a0);
    b0 = multiplyAdd(value, b, b0);
    c0 = multiplyAdd(value, c, c0);
    d0 = multiplyAdd(value, d, d0);
    value = v128.load32_splat(source1);
    a1 = multiplyAdd(value, a, a1);
    b1 = multiplyAdd(value, b, b1);
    c1 = multiplyAdd(value, c, c1);
    d1 = multiplyAdd(value, d, d1);
    source0 += step;
    source1 += step;
    factor += factorStride;
  }
  let on = base;
  let to = target;
  a0 = f32x4.add(v128.load(on), a0);
  b0 = f32x4.add(v128.load(on, 16), b0);
  c0 = f32x4.add(v128.load(on, 32), c0);
  d0 = f32x4.add(v128.load(on, 48), d0);
  v128.store(to, a0);
  v128.store(to, b0, 16);
  v128.store(to, c0, 32);
  v128.store(to, d0, 48);
  on += baseStride;
  to += targetStride;
  a1 = f32x4.add(v128.load(on), a1);
  b1 = f32x4.add(v128.load(on, 16), b1);
  c1 = f32x4.add(v128.load(on, 32), c1);
  d1 = f32x4.add(v128.load(on, 48), d1);
  v128.store(to, a1);
  v128.store(to, b1, 16);
  v128.store(to, c1, 32);
  v128.store(to, d1, 48);
}

/**
 * C = A · B + bias, or C += A · B + bias, for `size` rows, as tileRows has it, and sixteen columns, of which `rows` and `columns` exist.
 *
 * @param rowStride bytes from one row of A to the next; rows beyond `last` repeat it
 * @param panel B `[depth, 16]`
 * @param bias `[16]`, or 0 for none
 * @param width floats of a row of C
 */
export function multiplyTile(
  source: usize,
  rowStride: usize,
  step: usize,
  last: usize,
  panel: usize,
  depth: i32,
  bias: usize,
  c: usize,
  width: i32,
  size: i32,
  rows: i32,
  columns: i32,
  accumulate: i32,
): void {
  const isWhole = rows === size && columns === PANEL;
  const stride: usize = (<usize>width) << 2;
  const initial = bias ? bias : ZEROS;
  const target = isWhole ? c : OVERHANG;
  const targetStride = isWhole ? stride : PANEL_BYTES;
  const base = accumulate ? target : ZEROS;
  const baseStride: usize = accumulate ? targetStride : 0;
  if (!isWhole && accumulate) {
    for (let row: i32 = 0; row < rows; row++) copyPart(c + row * stride, OVERHANG + row * PANEL_BYTES, columns);
  }
  const row1 = min(source + rowStride, last);
  const row2 = min(row1 + rowStride, last);
  const row3 = min(row2 + rowStride, last);
  if (size === 6) {
    const row4 = min(row3 + rowStride, last);
    const row5 = min(row4 + rowStride, last);
    sixRows(
      source,
      row1,
      row2,
      row3,
      row4,
      row5,
      step,
      panel,
      PANEL_BYTES,
      depth,
      initial,
      base,
      baseStride,
      target,
      targetStride,
    );
  } else {
    fourRows(
      source,
      row1,
      row2,
      row3,
      step,
      panel,
      PANEL_BYTES,
      depth,
      initial,
      base,
      baseStride,
      target,
      targetStride,
    );
  }
  if (!isWhole) {
    for (let row: i32 = 0; row < rows; row++) copyPart(OVERHANG + row * PANEL_BYTES, c + row * stride, columns);
  }
}

function copyPart(from: usize, to: usize, columns: i32): void {
  for (let column: i32 = 0; column < columns; column++) store<f32>(at(to, column), load<f32>(at(from, column)));
}
