/** A square grey image, row-major. */
export interface GreySquare {
  readonly side: number;
  readonly pixels: Uint8Array;
}

/** For each target pixel, the source pixels it covers and how much of each: `[source, weight]` pairs that sum to 1. */
function coverage(source: number, target: number): (readonly [number, number])[][] {
  const step = source / target;
  return Array.from({ length: target }, (_, pixel) => {
    const start = pixel * step;
    const end = start + step;
    const pairs: [number, number][] = [];
    for (let index = Math.floor(start); index < Math.min(source, Math.ceil(end)); index++) {
      const overlap = Math.min(end, index + 1) - Math.max(start, index);
      if (overlap > 0) pairs.push([index, overlap / step]);
    }
    return pairs;
  });
}

/**
 * Scales a square by area: each target pixel is the mean of what it covers, so ink neither appears nor disappears.
 *
 * @param side of the result, in pixels; the square itself is returned if that is its side already.
 */
export function resample(square: GreySquare, side: number): GreySquare {
  if (side === square.side) return square;
  const axis = coverage(square.side, side);
  const pixels = new Uint8Array(side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      let sum = 0;
      for (const [y, yWeight] of axis[row]!) {
        for (const [x, xWeight] of axis[column]!) sum += yWeight * xWeight * square.pixels[y * square.side + x]!;
      }
      pixels[row * side + column] = Math.round(sum);
    }
  }
  return { side, pixels };
}
