/** target += source. */
export function add(target: usize, source: usize, count: i32): void {
  const bytes: usize = (<usize>count) << 2;
  for (let place: usize = 0; place < bytes; place += 16) {
    v128.store(target + place, f32x4.add(v128.load(target + place), v128.load(source + place)));
  }
}

/**
 * Adds squares to four sums in float64: that of value i to sum i mod 4, those of the last count mod 4 values to the first. Four, since one
 * alone would wait for each of its additions.
 */
export function addSquares(values: usize, count: i32, sums: usize): void {
  let low = v128.load(sums);
  let high = v128.load(sums + 16);
  const end = values + ((<usize>(count & ~3)) << 2);
  for (let place = values; place < end; place += 16) {
    const four = v128.load(place);
    const left = f64x2.promote_low_f32x4(four);
    const right = f64x2.promote_low_f32x4(v128.shuffle<u64>(four, four, 1, 1));
    low = f64x2.add(low, f64x2.mul(left, left));
    high = f64x2.add(high, f64x2.mul(right, right));
  }
  v128.store(sums, low);
  v128.store(sums + 16, high);
  let first = load<f64>(sums);
  for (let index: i32 = 0; index < (count & 3); index++) {
    const value = <f64>load<f32>(end + ((<usize>index) << 2));
    first += value * value;
  }
  store<f64>(sums, first);
}

/** Fills with 0. */
export function clear(target: usize, count: i32): void {
  memory.fill(target, 0, (<usize>count) << 2);
}

/** Copies floats, or whatever else takes four bytes. */
export function move(source: usize, target: usize, count: i32): void {
  memory.copy(target, source, (<usize>count) << 2);
}
