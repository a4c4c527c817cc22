import type { Prompt } from "@fovea-rl/core";

/** Mean brightness, 0 to 1, of the four quadrants (row by row) of the prompt's first image; zeros without one. */
export function quadrantIntensities(prompt: Prompt): Float32Array {
  const sums = new Float64Array(4);
  const counts = new Float64Array(4);
  const image = prompt.images[0];
  if (image) {
    for (let row = 0; row < image.height; row++) {
      for (let column = 0; column < image.width; column++) {
        const quadrant = (row * 2 >= image.height ? 2 : 0) + (column * 2 >= image.width ? 1 : 0);
        const offset = (row * image.width + column) * 3;
        sums[quadrant]! += (image.data[offset]! + image.data[offset + 1]! + image.data[offset + 2]!) / 765;
        counts[quadrant]! += 1;
      }
    }
  }
  return Float32Array.from(sums, (sum, quadrant) => (counts[quadrant] ? sum / counts[quadrant]! : 0));
}
