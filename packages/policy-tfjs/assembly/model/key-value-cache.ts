import { addScaled } from "./product";
import { at } from "./vector";

/** Writes keys and values of `rows` tokens into the cache, from place `start` on. */
export function storeKeysValues(
  source: usize,
  stride: i32,
  rows: i32,
  keyValueHeads: i32,
  headDimension: i32,
  keyOffset: i32,
  valueOffset: i32,
  keys: usize,
  values: usize,
  capacity: i32,
  valueWidth: i32,
  start: i32,
): void {
  for (let row: i32 = 0; row < rows; row++) {
    for (let head: i32 = 0; head < keyValueHeads; head++) {
      const key = at(source, row * stride + keyOffset + head * headDimension);
      const value = at(source, row * stride + valueOffset + head * headDimension);
      let keyPlace = at(keys, head * headDimension * capacity + start + row);
      let valuePlace = at(values, (head * capacity + start + row) * valueWidth);
      for (let index: i32 = 0; index < headDimension; index++) {
        store<f32>(keyPlace, load<f32>(at(key, index)));
        store<f32>(valuePlace, load<f32>(at(value, index)));
        keyPlace = at(keyPlace, capacity);
        valuePlace += 4;
      }
      for (let index: i32 = headDimension; index < valueWidth; index++) {
        store<f32>(valuePlace, 0);
        valuePlace += 4;
      }
    }
  }
}

/** Adds gradients of keys and values in a cache's layout, `[keyValueHeads, capacity, valueWidth]`, to rows of `stride` floats. */
export function addKeyValueGradients(
  keyGradients: usize,
  valueGradients: usize,
  capacity: i32,
  valueWidth: i32,
  rows: i32,
  keyValueHeads: i32,
  headDimension: i32,
  keyOffset: i32,
  valueOffset: i32,
  target: usize,
  stride: i32,
): void {
  for (let row: i32 = 0; row < rows; row++) {
    for (let head: i32 = 0; head < keyValueHeads; head++) {
      const source = (head * capacity + row) * valueWidth;
      const place = row * stride + head * headDimension;
      addScaled(at(keyGradients, source), 1, at(target, place + keyOffset), headDimension);
      addScaled(at(valueGradients, source), 1, at(target, place + valueOffset), headDimension);
    }
  }
}

/** Keys in rows, and values transposed: what the gradient reads beside what storeKeysValues wrote. */
export function storeKeyRowsValueColumns(
  source: usize,
  stride: i32,
  rows: i32,
  keyValueHeads: i32,
  headDimension: i32,
  keyOffset: i32,
  valueOffset: i32,
  keyRows: usize,
  valueColumns: usize,
  capacity: i32,
  valueWidth: i32,
): void {
  storeKeysValues(
    source,
    stride,
    rows,
    keyValueHeads,
    headDimension,
    valueOffset,
    keyOffset,
    valueColumns,
    keyRows,
    capacity,
    valueWidth,
    0,
  );
}

/** The same out of a cache, for a prompt whose projected rows are no longer there. */
export function transposeCache(
  keys: usize,
  values: usize,
  keyRows: usize,
  valueColumns: usize,
  keyValueHeads: i32,
  headDimension: i32,
  valueWidth: i32,
  capacity: i32,
  count: i32,
): void {
  for (let head: i32 = 0; head < keyValueHeads; head++) {
    for (let index: i32 = 0; index < headDimension; index++) {
      const columns = (head * headDimension + index) * capacity;
      const rows = head * capacity * valueWidth + index;
      for (let key: i32 = 0; key < count; key++) {
        store<f32>(at(keyRows, rows + key * valueWidth), load<f32>(at(keys, columns + key)));
        store<f32>(at(valueColumns, columns + key), load<f32>(at(values, rows + key * valueWidth)));
      }
    }
  }
}
