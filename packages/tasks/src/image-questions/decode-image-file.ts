import { FoveaError, type Image } from "@fovea-rl/core";

/**
 * 8-bit RGB of an image file, upright as its camera meant it, transparency on white.
 *
 * @throws FoveaError if it cannot be decoded, or `sharp` is not installed.
 */
export async function decodeImageFile(path: string): Promise<Image> {
  const { default: sharp } = await import("sharp").catch((error: unknown) => {
    throw new FoveaError('the task "image-questions" decodes images with the package "sharp": npm install sharp', {
      cause: error,
    });
  });
  try {
    const { data, info } = await sharp(path)
      .rotate()
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: new Uint8Array(data) };
  } catch (error) {
    throw new FoveaError(`the image ${path} cannot be decoded: ${(error as Error).message}`, { cause: error });
  }
}
