import { z } from "zod";

export const encodedTextChunkSchema = z.object({
  type: z.literal("encoded_text"),
  tokens: z.array(z.int().nonnegative()),
});

export const IMAGE_FORMATS = ["png", "jpeg"] as const;

export const imageChunkSchema = z.object({
  type: z.literal("image"),
  /** The encoded file, base64. */
  data: z.string(),
  format: z.enum(IMAGE_FORMATS),
  /** Tokens that the image takes; a server refuses a number other than its own. */
  expected_tokens: z.int().positive().nullish(),
});

export const imageAssetPointerChunkSchema = z.object({
  type: z.literal("image_asset_pointer"),
  location: z.string(),
  format: z.enum(IMAGE_FORMATS),
  expected_tokens: z.int().positive().nullish(),
});

/** Older clients leave `type` out where the other fields say it. */
function withType(chunk: unknown): unknown {
  if (typeof chunk !== "object" || chunk === null || "type" in chunk) return chunk;
  if ("tokens" in chunk) return { type: "encoded_text", ...chunk };
  if ("location" in chunk) return { type: "image_asset_pointer", ...chunk };
  return { type: "image", ...chunk };
}

export const modelInputChunkSchema = z.preprocess(
  withType,
  z.discriminatedUnion("type", [encodedTextChunkSchema, imageChunkSchema, imageAssetPointerChunkSchema]),
);

/** What the model reads: runs of token ids and images, in order. */
export const modelInputSchema = z.object({ chunks: z.array(modelInputChunkSchema) });

export type ImageChunk = z.output<typeof imageChunkSchema>;
export type ModelInputChunk = z.output<typeof modelInputChunkSchema>;
export type ModelInput = z.output<typeof modelInputSchema>;
