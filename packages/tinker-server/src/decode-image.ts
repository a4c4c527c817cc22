import type { Image } from "@fovea-rl/core";
import { decode } from "fast-png";
import { RequestError } from "./request-error.ts";

/** 8-bit RGB of a PNG with 1 to 4 channels and 8 or 16 bits; transparency is dropped. */
function decodePng(bytes: Uint8Array): Image {
  const { width, height, data, channels, depth, palette } = decode(bytes);
  const output = new Uint8Array(width * height * 3);
  const scale = depth === 16 ? 1 / 257 : depth < 8 && palette === undefined ? 255 / (2 ** depth - 1) : 1;
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const source = channels >= 3 ? data[pixel * channels + channel]! : data[pixel * channels]!;
      output[pixel * 3 + channel] = palette === undefined ? Math.round(source * scale) : palette[source]![channel]!;
    }
  }
  return { width, height, data: output };
}

async function decodeJpeg(bytes: Uint8Array): Promise<Image> {
  const { default: sharp } = await import("sharp").catch(() => {
    throw new RequestError(400, 'JPEG images need the package "sharp" where the server runs; PNG images need nothing');
  });
  const { data, info } = await sharp(bytes)
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

/**
 * @param base64 an encoded PNG or JPEG.
 * @throws RequestError 400 if it is none.
 */
export async function decodeImage(base64: string, format: "png" | "jpeg"): Promise<Image> {
  const bytes = Buffer.from(base64, "base64");
  try {
    return format === "png" ? decodePng(bytes) : await decodeJpeg(bytes);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(400, `an image chunk is no readable ${format}: ${(error as Error).message}`);
  }
}
