/**
 * The order in which patches are fed: those that pixel shuffle brings together stand side by side. The tower itself does not
 * care (position embeddings are permuted along), and the shuffle becomes a reshape.
 *
 * @returns `[patches]`: the raster index of each patch.
 */
export function shuffledPatchOrder(patchesPerSide: number, scaleFactor: number): Int32Array {
  const order: number[] = [];
  for (let row = 0; row < patchesPerSide; row += scaleFactor) {
    for (let column = 0; column < patchesPerSide; column += scaleFactor) {
      for (let down = 0; down < scaleFactor; down++) {
        for (let right = 0; right < scaleFactor; right++) {
          order.push((row + down) * patchesPerSide + column + right);
        }
      }
    }
  }
  return Int32Array.from(order);
}

/** Cuts images `[3, side, side]` into flat patches `[images * patches, 3 * patchSize²]`, in the given order. */
export function cutPatches(
  images: readonly Float32Array[],
  side: number,
  patchSize: number,
  order: Int32Array,
): Float32Array {
  const pixels = patchPixels(side, patchSize, order);
  const patches = new Float32Array(images.length * pixels.length);
  let offset = 0;
  for (const image of images) {
    for (let place = 0; place < pixels.length; place++) patches[offset++] = image[pixels[place]!]!;
  }
  return patches;
}

/** Which value of an image `[3, side, side]` stands at each place of its patches. */
function patchPixels(side: number, patchSize: number, order: Int32Array): Int32Array {
  const perSide = side / patchSize;
  const pixels = new Int32Array(order.length * 3 * patchSize * patchSize);
  let place = 0;
  for (const patch of order) {
    const top = Math.floor(patch / perSide) * patchSize;
    const left = (patch % perSide) * patchSize;
    for (let channel = 0; channel < 3; channel++) {
      for (let row = 0; row < patchSize; row++) {
        const start = (channel * side + top + row) * side + left;
        for (let column = 0; column < patchSize; column++) pixels[place++] = start + column;
      }
    }
  }
  return pixels;
}
