import { fourRows, PANEL, PANEL_BYTES, sixRows, ZEROS } from "./register-tiles";
import { at } from "./vector";

/** A tile of this thread's own, `[6, 16]`, for what overhangs a matrix. */
let overhang: usize = 0;

/** @param tile room for a tile; must be called before any product. */
export function setOverhang(tile: usize): void {
  overhang = tile;
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
  const target = isWhole ? c : overhang;
  const targetStride = isWhole ? stride : PANEL_BYTES;
  const base = accumulate ? target : ZEROS;
  const baseStride: usize = accumulate ? targetStride : 0;
  if (!isWhole && accumulate) {
    for (let row: i32 = 0; row < rows; row++) copyPart(c + row * stride, overhang + row * PANEL_BYTES, columns);
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
    for (let row: i32 = 0; row < rows; row++) copyPart(overhang + row * PANEL_BYTES, c + row * stride, columns);
  }
}

function copyPart(from: usize, to: usize, columns: i32): void {
  for (let column: i32 = 0; column < columns; column++) store<f32>(at(to, column), load<f32>(at(from, column)));
}
