import { FoveaError } from "@fovea-rl/core";

/** How the Qwen-VL family sizes images. Sides are multiples of patchSize * mergeSize. */
export interface SmartResizeOptions {
  readonly patchSize: number;
  /** Patches a side that become one token. */
  readonly mergeSize: number;
  readonly minimumPixels: number;
  readonly maximumPixels: number;
}

export interface SizedImage {
  readonly width: number;
  readonly height: number;
  /** Patches, `width / patchSize` x `height / patchSize`. */
  readonly patchColumns: number;
  readonly patchRows: number;
  /** What the language model sees of it. */
  readonly tokens: number;
}

const LARGEST_ASPECT_RATIO = 200;

/** To the nearest integer, halves to even, as the reference implementation (Python's round) has it. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The size that Qwen2-VL's processor gives an image (Wang et al. 2024; `smart_resize`): both sides multiples of the factor, the
 * number of pixels within its bounds, the proportions as they were as nearly as that allows.
 *
 * @throws FoveaError for an image more than 200 times as long as wide.
 */
export function smartResize(width: number, height: number, options: SmartResizeOptions): SizedImage {
  const { patchSize, mergeSize, minimumPixels, maximumPixels } = options;
  const factor = patchSize * mergeSize;
  const ratio = Math.max(width, height) / Math.min(width, height);
  if (!(ratio <= LARGEST_ASPECT_RATIO)) {
    throw new FoveaError(
      `an image of ${width}x${height} pixels is ${ratio.toFixed(0)} times as long as wide; the model takes up to ${LARGEST_ASPECT_RATIO}`,
    );
  }
  let rows = Math.max(1, roundHalfEven(height / factor));
  let columns = Math.max(1, roundHalfEven(width / factor));
  if (rows * columns * factor * factor > maximumPixels) {
    const shrink = Math.sqrt((height * width) / maximumPixels);
    rows = Math.max(1, Math.floor(height / shrink / factor));
    columns = Math.max(1, Math.floor(width / shrink / factor));
  } else if (rows * columns * factor * factor < minimumPixels) {
    const grow = Math.sqrt(minimumPixels / (height * width));
    rows = Math.ceil((height * grow) / factor);
    columns = Math.ceil((width * grow) / factor);
  }
  return {
    width: columns * factor,
    height: rows * factor,
    patchColumns: columns * mergeSize,
    patchRows: rows * mergeSize,
    tokens: rows * columns,
  };
}
