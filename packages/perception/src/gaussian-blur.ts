import type { Perturbation } from "@fovea-rl/core";

export interface GaussianBlurOptions {
  /** Standard deviation of the kernel in pixels. */
  readonly radius: number;
}

/** Convolves with a Gaussian of three standard deviations to each side; beyond its edges the image repeats its last pixel. */
export function gaussianBlur({ radius }: GaussianBlurOptions): Perturbation {
  const kernel = gaussianKernel(radius);
  return {
    name: "gaussian-blur",
    perturb(image) {
      const { width, height } = image;
      // A two-dimensional Gaussian is the product of two one-dimensional ones.
      const rows = blurLines(Float32Array.from(image.data), kernel, height, width, 3 * width, 3);
      const columns = blurLines(rows, kernel, width, height, 3, 3 * width);
      return { ...image, data: new Uint8Array(Uint8ClampedArray.from(columns).buffer) };
    },
  };
}

/** Weights at 0, 1, ... pixels from the centre; both sides together sum to 1. */
function gaussianKernel(radius: number): Float64Array {
  const weights = Float64Array.from({ length: Math.ceil(3 * radius) + 1 }, (_, distance) =>
    Math.exp(-0.5 * (distance / radius) ** 2),
  );
  const sum = weights.reduce((total, weight) => total + 2 * weight, -weights[0]!);
  return weights.map((weight) => weight / sum);
}

/** Blurs `lines` lines of `length` pixels of three channels each; strides are in values. */
function blurLines(
  source: Float32Array,
  kernel: Float64Array,
  lines: number,
  length: number,
  lineStride: number,
  pixelStride: number,
): Float32Array {
  const blurred = new Float32Array(source.length);
  const at = (origin: number, pixel: number) =>
    source[origin + Math.min(Math.max(pixel, 0), length - 1) * pixelStride]!;
  for (let line = 0; line < lines; line++) {
    for (let channel = 0; channel < 3; channel++) {
      const origin = line * lineStride + channel;
      for (let pixel = 0; pixel < length; pixel++) {
        let value = kernel[0]! * at(origin, pixel);
        for (let distance = 1; distance < kernel.length; distance++) {
          value += kernel[distance]! * (at(origin, pixel - distance) + at(origin, pixel + distance));
        }
        blurred[origin + pixel * pixelStride] = value;
      }
    }
  }
  return blurred;
}
