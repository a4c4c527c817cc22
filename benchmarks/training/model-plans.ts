/**
 * The models that are measured. `digits` is the base policy that Fovea ships; the others are SmolVLM configs with random
 * weights, because speed does not depend on what the weights say.
 */
export interface ModelPlan {
  /** Name of the directory that the checkpoint is written to. */
  readonly name: string;
  /** Tokens that one image becomes: (imageSize / 8 / 2)², by 8-pixel patches and a pixel shuffle of 2. */
  readonly imageTokens: number;
  readonly text: {
    readonly hiddenSize: number;
    readonly intermediateSize: number;
    readonly layers: number;
    readonly heads: number;
    readonly keyValueHeads: number;
  };
  readonly vision: { readonly hiddenSize: number; readonly layers: number; readonly heads: number };
}

export const PATCH_SIZE = 8;
export const SCALE_FACTOR = 2;
export const VOCABULARY_SIZE = 4096;

/** Side of the square image that becomes this many tokens. */
export function imageSize({ imageTokens }: ModelPlan): number {
  return Math.sqrt(imageTokens) * PATCH_SIZE * SCALE_FACTOR;
}

const SIZES = {
  "1m": {
    text: { hiddenSize: 64, intermediateSize: 192, layers: 4, heads: 4, keyValueHeads: 2 },
    vision: { hiddenSize: 96, layers: 2, heads: 4 },
  },
  "10m": {
    text: { hiddenSize: 256, intermediateSize: 704, layers: 7, heads: 8, keyValueHeads: 4 },
    vision: { hiddenSize: 192, layers: 5, heads: 6 },
  },
  "30m": {
    text: { hiddenSize: 512, intermediateSize: 1408, layers: 7, heads: 8, keyValueHeads: 4 },
    vision: { hiddenSize: 256, layers: 6, heads: 8 },
  },
  // About SmolVLM-256M's shape, for accelerators.
  "200m": {
    text: { hiddenSize: 576, intermediateSize: 1536, layers: 30, heads: 9, keyValueHeads: 3 },
    vision: { hiddenSize: 768, layers: 12, heads: 12 },
  },
} as const;
export type ModelSize = keyof typeof SIZES;

export function modelPlan(size: ModelSize, imageTokens: number): ModelPlan {
  return { name: `${size}-${imageTokens}`, imageTokens, ...SIZES[size] };
}
