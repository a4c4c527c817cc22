import { join } from "node:path";
import { FoveaError, type Image } from "@fovea-rl/core";
import { readCheckpointJson } from "./checkpoint-json.ts";

/** Resizes an image to a square of the given side, with the filter that preprocessor_config.json asks for. */
export type Resize = (image: Image, side: number, filter: ResizeFilter) => Promise<Image>;

export type ResizeFilter = "nearest" | "lanczos3" | "linear" | "cubic";

export interface ImageProcessor {
  /** Side of the square that the vision tower takes. */
  readonly imageSize: number;
  /** @returns `[3, imageSize, imageSize]` (channels, rows, columns), row-major, normalised: (value * factor - mean) / std. */
  process(image: Image, allocate?: (size: number) => Float32Array): Promise<Float32Array>;
}

export interface ImageProcessorOptions {
  /**
   * Show the model each image whole, as one square, although `do_image_splitting` is set. Tiles of large images are not
   * supported; without this option such a checkpoint is refused rather than read worse than its makers meant.
   */
  readonly ignoreImageSplitting?: boolean;
  /** How images of another size are resized; by default with the package `sharp`, where it is installed. */
  readonly resize?: Resize;
}

/** Codes of Pillow's Resampling. Box (4) and Hamming (5) have no counterpart. */
const FILTERS: Readonly<Record<number, ResizeFilter>> = { 0: "nearest", 1: "lanczos3", 2: "linear", 3: "cubic" };

/** Fields that change nothing for single square RGB images. */
const INERT = [
  "do_convert_rgb",
  "do_pad",
  "image_processor_type",
  "processor_class",
  "return_row_col_info",
  "video_sampling",
  "data_format",
  "default_to_square",
];

function threeNumbers(value: unknown, name: string, path: string): readonly [number, number, number] {
  const isRight = Array.isArray(value) && value.length === 3 && value.every((item) => Number.isFinite(item));
  if (!isRight) throw new FoveaError(`${path}: ${name} is ${JSON.stringify(value)}; it must be three numbers`);
  return value as [number, number, number];
}

async function resizeWithSharp(image: Image, side: number, filter: ResizeFilter): Promise<Image> {
  const { default: sharp } = await import("sharp").catch((error: unknown) => {
    throw new FoveaError(
      `an image of ${image.width}x${image.height} pixels must be resized to ${side}x${side}; install the package "sharp" for that`,
      { cause: error },
    );
  });
  const { data } = await sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } })
    .resize(side, side, { fit: "fill", kernel: filter })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: side, height: side, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/**
 * Reads `preprocessor_config.json`; without one, images are rescaled to [-1, 1], as all of the family do.
 *
 * Images that are not `imageSize` square are resized to it in one step, without regard to their proportions; transformers
 * does the same with image splitting off, but resizes the longest edge to `size` first.
 *
 * @param imageSize the vision tower's, from config.json.
 * @throws FoveaError naming the field that cannot be honoured.
 */
export async function readImageProcessor(
  directory: string,
  imageSize: number,
  { ignoreImageSplitting = false, resize = resizeWithSharp }: ImageProcessorOptions = {},
): Promise<ImageProcessor> {
  const path = join(directory, "preprocessor_config.json");
  const fields = (await readCheckpointJson(directory, "preprocessor_config.json")) ?? { do_image_splitting: false };
  const {
    do_image_splitting: split = true,
    do_resize: mayResize = true,
    do_rescale: rescales = true,
    do_normalize: normalises = true,
    rescale_factor: factor = 1 / 255,
    image_mean: mean = [0.5, 0.5, 0.5],
    image_std: deviation = [0.5, 0.5, 0.5],
    resample = 1,
    max_image_size: maximum = { longest_edge: imageSize },
    size: _,
    ...rest
  } = fields;
  const unknown = Object.keys(rest).find((name) => !INERT.includes(name));
  if (unknown !== undefined) throw new FoveaError(`${path}: ${unknown} is a setting that this engine does not know`);
  if (split !== false && !ignoreImageSplitting) {
    throw new FoveaError(
      `${path}: do_image_splitting is set, but images cannot be split into tiles here; ` +
        "set it to false, or set the policy's option ignoreImageSplitting, to show each image whole",
    );
  }
  const longest = (maximum as { longest_edge?: unknown } | null)?.longest_edge;
  if (longest !== imageSize) {
    throw new FoveaError(`${path}: max_image_size.longest_edge is ${longest}; the model's image_size is ${imageSize}`);
  }
  const filter = FILTERS[resample as number];
  if (filter === undefined) {
    throw new FoveaError(
      `${path}: resample is ${JSON.stringify(resample)}; supported are 0 (nearest), 1 (Lanczos), 2 (bilinear), 3 (bicubic)`,
    );
  }
  if (typeof factor !== "number" || !(factor > 0))
    throw new FoveaError(`${path}: rescale_factor is ${JSON.stringify(factor)}`);
  const scale = rescales === false ? 1 : factor;
  const means = normalises === false ? [0, 0, 0] : threeNumbers(mean, "image_mean", path);
  const deviations = normalises === false ? [1, 1, 1] : threeNumbers(deviation, "image_std", path);
  if (deviations.includes(0)) throw new FoveaError(`${path}: image_std holds 0`);

  // What each of a byte's 256 levels becomes.
  const levels = means.map((mean, channel) =>
    Float32Array.from({ length: 256 }, (_, level) => (level * scale - mean) / deviations[channel]!),
  );

  async function process(
    image: Image,
    allocate: (size: number) => Float32Array = (size) => new Float32Array(size),
  ): Promise<Float32Array> {
    if (image.data.length !== image.width * image.height * 3) {
      throw new FoveaError(
        `an image of ${image.width}x${image.height} pixels must have ${image.width * image.height * 3} bytes, not ${image.data.length}`,
      );
    }
    const isRightSize = image.width === imageSize && image.height === imageSize;
    if (!isRightSize && mayResize === false) {
      throw new FoveaError(
        `${path}: do_resize is false, and an image has ${image.width}x${image.height} pixels, not ${imageSize}x${imageSize}`,
      );
    }
    const { data } = isRightSize ? image : await resize(image, imageSize, filter!);
    const pixels = imageSize * imageSize;
    const output = allocate(3 * pixels);
    const [red, green, blue] = levels as [Float32Array, Float32Array, Float32Array];
    for (let pixel = 0; pixel < pixels; pixel++) {
      output[pixel] = red[data[3 * pixel]!]!;
      output[pixels + pixel] = green[data[3 * pixel + 1]!]!;
      output[2 * pixels + pixel] = blue[data[3 * pixel + 2]!]!;
    }
    return output;
  }

  return { imageSize, process };
}
