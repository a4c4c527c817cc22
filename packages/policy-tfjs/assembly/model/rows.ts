import { addScaled } from "./product";
import { at } from "./vector";

/** Copies rows of `width` floats from anywhere: row i from the address `load(sources + 4 i)`. */
export function copyRows(sources: usize, target: usize, rows: i32, width: i32): void {
  const bytes: usize = (<usize>width) << 2;
  for (let row: i32 = 0; row < rows; row++) {
    memory.copy(at(target, row * width), <usize>load<u32>(at(sources, row)), bytes);
  }
}

/** Adds rows of `width` floats to places anywhere, in order: row i to the address `load(targets + 4 i)`; none where it is 0. */
export function addRows(source: usize, targets: usize, rows: i32, width: i32): void {
  for (let row: i32 = 0; row < rows; row++) {
    const target = <usize>load<u32>(at(targets, row));
    if (target !== 0) addScaled(at(source, row * width), 1, target, width);
  }
}

/** Copies rows of `width` floats of one matrix: row `indices[i]` to row i. */
export function gatherRows(source: usize, indices: usize, target: usize, rows: i32, width: i32): void {
  const bytes: usize = (<usize>width) << 2;
  for (let row: i32 = 0; row < rows; row++) {
    memory.copy(at(target, row * width), at(source, load<i32>(at(indices, row)) * width), bytes);
  }
}

/** The other way: row i to row `indices[i]`. */
export function scatterRows(source: usize, indices: usize, target: usize, rows: i32, width: i32): void {
  const bytes: usize = (<usize>width) << 2;
  for (let row: i32 = 0; row < rows; row++) {
    memory.copy(at(target, load<i32>(at(indices, row)) * width), at(source, row * width), bytes);
  }
}
