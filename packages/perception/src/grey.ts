import type { Perturbation } from "@fovea-rl/core";

export interface GreyOptions {
  /** 0 (black) to 255. */
  readonly intensity: number;
}

/** Replaces the image by one grey. */
export function grey({ intensity }: GreyOptions): Perturbation {
  return {
    name: "grey",
    perturb: (image) => ({ ...image, data: new Uint8Array(image.data.length).fill(intensity) }),
  };
}
