import { at } from "./vector";

/**
 * Rotates pairs (i, i + d/2) of the first `heads` heads of each row in place (Su et al. 2021, as transformers pairs them).
 *
 * @param x rows of `stride` floats
 * @param positions `[rows]` int32
 * @param cosines `[positions, d / 2]`; sines likewise
 * @param direction 1, or -1 to rotate back, which is the gradient
 */
export function rotate(
  x: usize,
  stride: i32,
  positions: usize,
  cosines: usize,
  sines: usize,
  rows: i32,
  heads: i32,
  headDimension: i32,
  direction: f32,
): void {
  const half = headDimension / 2;
  for (let row: i32 = 0; row < rows; row++) {
    const entry = load<i32>(at(positions, row)) * half;
    const cosineRow = at(cosines, entry);
    const sineRow = at(sines, entry);
    for (let head: i32 = 0; head < heads; head++) {
      const first = at(x, row * stride + head * headDimension);
      const second = at(first, half);
      let pair: i32 = 0;
      for (; pair + 4 <= half; pair += 4) {
        const cosine = v128.load(at(cosineRow, pair));
        const sine = f32x4.mul(v128.load(at(sineRow, pair)), f32x4.splat(direction));
        const left = v128.load(at(first, pair));
        const right = v128.load(at(second, pair));
        v128.store(at(first, pair), f32x4.sub(f32x4.mul(left, cosine), f32x4.mul(right, sine)));
        v128.store(at(second, pair), f32x4.add(f32x4.mul(right, cosine), f32x4.mul(left, sine)));
      }
      for (; pair < half; pair++) {
        const cosine = load<f32>(at(cosineRow, pair));
        const sine = load<f32>(at(sineRow, pair)) * direction;
        const left = load<f32>(at(first, pair));
        const right = load<f32>(at(second, pair));
        store<f32>(at(first, pair), left * cosine - right * sine);
        store<f32>(at(second, pair), right * cosine + left * sine);
      }
    }
  }
}
