import type { Image, Perturbation } from "@fovea-rl/core";

export interface PatchBlackOptions {
  /** Side of a square patch in pixels; patches at the right and lower edge are cut off. */
  readonly patchSize: number;
  /** Of a patch to be blackened. */
  readonly probability: number;
}

/** Blackens each square patch of a grid from the top left with a probability, independently: VPPO's perturbation. */
export function patchBlack({ patchSize, probability }: PatchBlackOptions): Perturbation {
  return {
    name: "patch-black",
    perturb(image, random) {
      const data = image.data.slice();
      for (let top = 0; top < image.height; top += patchSize) {
        for (let left = 0; left < image.width; left += patchSize) {
          if (random.uniform() < probability) blacken(image, data, top, left, patchSize);
        }
      }
      return { ...image, data };
    },
  };
}

function blacken({ width, height }: Image, data: Uint8Array, top: number, left: number, size: number): void {
  const right = Math.min(left + size, width);
  for (let row = top; row < Math.min(top + size, height); row++) {
    data.fill(0, (row * width + left) * 3, (row * width + right) * 3);
  }
}
