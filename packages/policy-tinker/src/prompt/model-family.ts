import { join } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { fixedImageEncoder, type ImageEncoder, smartResizeEncoder } from "./image-encoder.ts";
import { readModelJson } from "./model-directory.ts";

/** How a family of models places images in text. */
export interface ModelFamily {
  readonly name: string;
  /** The token that its chat template writes for an image, once for each. `undefined`: text alone. */
  readonly imagePlaceholder: string | undefined;
  /** Tokens around an image that the template does not write itself, where the vocabulary has them. */
  readonly frame?: readonly [before: readonly string[], after: readonly string[]];
  readonly images: ImageEncoder | undefined;
}

/** Bounds on the number of pixels, in place of those in preprocessor_config.json. */
export interface PixelBounds {
  readonly minimumPixels?: number;
  readonly maximumPixels?: number;
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;
}

function section(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

async function qwenFamily(
  directory: string,
  name: string,
  config: Record<string, unknown>,
  defaultPatchSize: number,
  bounds: PixelBounds,
): Promise<ModelFamily> {
  const vision = section(config["vision_config"]);
  const preprocessor = (await readModelJson(directory, "preprocessor_config.json")) ?? {};
  const size = section(preprocessor["size"]);
  const patchSize = positive(preprocessor["patch_size"]) ?? positive(vision["patch_size"]) ?? defaultPatchSize;
  const mergeSize = positive(preprocessor["merge_size"]) ?? positive(vision["spatial_merge_size"]) ?? 2;
  // Older files say min_pixels, newer ones the same numbers as size.shortest_edge and size.longest_edge.
  const factor = (patchSize * mergeSize) ** 2;
  const minimumPixels =
    bounds.minimumPixels ?? positive(preprocessor["min_pixels"]) ?? positive(size["shortest_edge"]) ?? 4 * factor;
  const maximumPixels =
    bounds.maximumPixels ?? positive(preprocessor["max_pixels"]) ?? positive(size["longest_edge"]) ?? 16384 * factor;
  return {
    name,
    imagePlaceholder: "<|image_pad|>",
    images: smartResizeEncoder({ patchSize, mergeSize, minimumPixels, maximumPixels }),
  };
}

function smolvlmFamily(directory: string, config: Record<string, unknown>): ModelFamily {
  const vision = section(config["vision_config"]);
  const side = (positive(vision["image_size"]) ?? Number.NaN) / (positive(vision["patch_size"]) ?? Number.NaN);
  const tokens = (Math.floor(side) / (positive(config["scale_factor"]) ?? 2)) ** 2;
  if (!Number.isInteger(tokens)) {
    throw new FoveaError(
      `${join(directory, "config.json")}: image_size, patch_size and scale_factor give no whole number of image tokens`,
    );
  }
  return {
    name: "smolvlm",
    imagePlaceholder: "<image>",
    frame: [["<fake_token_around_image>", "<global-img>"], ["<fake_token_around_image>"]],
    images: fixedImageEncoder(tokens),
  };
}

/** @throws FoveaError for a model with a vision part that this client does not know how to feed. */
export async function readModelFamily(directory: string, bounds: PixelBounds = {}): Promise<ModelFamily> {
  const config = (await readModelJson(directory, "config.json")) ?? {};
  const type = config["model_type"];
  switch (type) {
    case "qwen2_vl":
    case "qwen2_5_vl":
      return qwenFamily(directory, type.replaceAll("_", "-"), config, 14, bounds);
    case "qwen3_vl":
    case "qwen3_vl_moe":
      return qwenFamily(directory, "qwen3-vl", config, 16, bounds);
    case "smolvlm":
    case "idefics3":
      return smolvlmFamily(directory, config);
    default:
      if (config["vision_config"] !== undefined) {
        throw new FoveaError(
          `${join(directory, "config.json")}: images of the model type "${String(type)}" are not supported; ` +
            "supported are qwen2_vl, qwen2_5_vl, qwen3_vl, smolvlm and idefics3",
        );
      }
      return { name: "text", imagePlaceholder: undefined, images: undefined };
  }
}
