import type { RandomGenerator } from "@fovea-rl/core";
import type { DigitSet } from "./handwritten-digits.ts";

/** `pair`: two digits side by side. `quad`: three or four in a 2x2 grid. */
export type Level = "pair" | "quad";

/** Where a digit can stand. */
export type Place = "left" | "right" | "top left" | "top right" | "bottom left" | "bottom right";

/** One digit of a scene. Offsets are in pixels of the image, to the right and down. */
export interface PlacedDigit {
  readonly place: Place;
  /** Which scan, as an index into its {@link DigitSet}. */
  readonly index: number;
  readonly value: number;
  readonly offsetX: number;
  readonly offsetY: number;
  /** What ink is multiplied with, to 1. */
  readonly contrast: number;
}

/** What an image shows: digits in reading order. */
export type Scene = readonly PlacedDigit[];

/** How digits vary from image to image. */
export interface Variation {
  /** Largest shift from the middle of the digit's place, in pixels, each way. */
  readonly horizontalShift: number;
  readonly verticalShift: number;
  /** Contrast is drawn uniformly from here to 1. */
  readonly minimumContrast: number;
}

const PLACES: Readonly<Record<Level, readonly Place[]>> = {
  pair: ["left", "right"],
  quad: ["top left", "top right", "bottom left", "bottom right"],
};

/** The place's row and column in the level's grid. */
export function gridPosition(place: Place): readonly [row: number, column: number] {
  return [place.startsWith("bottom") ? 1 : 0, place.endsWith("right") ? 1 : 0];
}

/**
 * Draws a scene. The order of draws is part of the task: changing it changes every prompt.
 *
 * @param pool indices of the scans that may appear; all of them if left out.
 */
export function drawScene(
  level: Level,
  digits: DigitSet,
  variation: Variation,
  random: RandomGenerator,
  pool?: readonly number[],
): Scene {
  const all = PLACES[level];
  // Half of the quads have three digits: then one place, drawn uniformly, stays empty.
  const empty = level === "quad" && random.integer(2) === 0 ? random.integer(all.length) : -1;
  const shift = (limit: number): number => random.integer(2 * limit + 1) - limit;
  return all
    .filter((_, position) => position !== empty)
    .map((place) => {
      const index = pool === undefined ? random.integer(digits.size) : pool[random.integer(pool.length)]!;
      const offsetX = shift(variation.horizontalShift);
      const offsetY = shift(variation.verticalShift);
      const contrast = variation.minimumContrast + (1 - variation.minimumContrast) * random.uniform();
      return { place, index, value: digits.label(index), offsetX, offsetY, contrast };
    });
}
