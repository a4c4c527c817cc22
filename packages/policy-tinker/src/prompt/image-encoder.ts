import { FoveaError, type Image } from "@fovea-rl/core";
import type { ImageChunk } from "@fovea-rl/tinker-protocol";
import { encode } from "fast-png";
import { type SmartResizeOptions, smartResize } from "./smart-resize.ts";

/** Turns an image into the chunk that stands for it. */
export interface ImageEncoder {
  /** Tokens that the image takes. */
  tokens(image: Image): number;
  encode(image: Image): Promise<ImageChunk>;
}

function toPng({ width, height, data }: Image): string {
  const bytes = encode({ width, height, data, channels: 3, depth: 8 });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function chunk(image: Image, tokens: number): ImageChunk {
  return { type: "image", data: toPng(image), format: "png", expected_tokens: tokens };
}

/** Every image takes the same number of tokens; the server resizes it (the SmolVLM family without tiles). */
export function fixedImageEncoder(tokens: number): ImageEncoder {
  return {
    tokens: () => tokens,
    encode: async (image) => chunk(image, tokens),
  };
}

async function resize(image: Image, width: number, height: number): Promise<Image> {
  if (image.width === width && image.height === height) return image;
  const { default: sharp } = await import("sharp").catch((error: unknown) => {
    throw new FoveaError(
      `an image of ${image.width}x${image.height} pixels must be resized to ${width}x${height}; install the package "sharp" for that`,
      { cause: error },
    );
  });
  const { data } = await sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } })
    .resize(width, height, { fit: "fill", kernel: "cubic" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/**
 * Images are brought to the size that the server's processor would give them, so that what it counts is what was counted here, and
 * it has nothing left to resize.
 */
export function smartResizeEncoder(options: SmartResizeOptions): ImageEncoder {
  return {
    tokens: (image) => smartResize(image.width, image.height, options).tokens,
    async encode(image) {
      const { width, height, tokens } = smartResize(image.width, image.height, options);
      return chunk(await resize(image, width, height), tokens);
    },
  };
}
