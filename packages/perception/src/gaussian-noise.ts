import type { Perturbation } from "@fovea-rl/core";

export interface GaussianNoiseOptions {
  /** In units of 8-bit intensity. */
  readonly standardDeviation: number;
}

/** Adds normal noise to every channel of every pixel, rounded and cut to 0..255. */
export function gaussianNoise({ standardDeviation }: GaussianNoiseOptions): Perturbation {
  return {
    name: "gaussian-noise",
    perturb(image, random) {
      // Uint8ClampedArray rounds and cuts.
      const noisy = Uint8ClampedArray.from(image.data, (value) => value + standardDeviation * random.normal());
      return { ...image, data: new Uint8Array(noisy.buffer) };
    },
  };
}
