import type { Image } from "@fovea-rl/core";
import { DIGIT_SIDE, type DigitSet } from "./handwritten-digits.ts";
import { resample } from "./resample.ts";
import { gridPosition, type Level, type Scene } from "./scene.ts";

/**
 * Paints a scene white on black. Where digits overlap, the brighter ink is seen; what leaves the image is cut off.
 *
 * @param imageSize side of the square image, in pixels.
 * @param digitScale 1 shows scans at their own size, about 20 pixels of ink in 28.
 */
export function paintScene(scene: Scene, digits: DigitSet, level: Level, imageSize: number, digitScale: number): Image {
  const grey = new Uint8Array(imageSize * imageSize);
  const side = Math.max(1, Math.round(DIGIT_SIDE * digitScale));
  const columnWidth = imageSize / 2;
  const rowHeight = level === "pair" ? imageSize : imageSize / 2;
  for (const { place, index, offsetX, offsetY, contrast } of scene) {
    const [row, column] = gridPosition(place);
    const left = Math.round((column + 0.5) * columnWidth - side / 2) + offsetX;
    const top = Math.round((row + 0.5) * rowHeight - side / 2) + offsetY;
    const { pixels } = resample({ side: DIGIT_SIDE, pixels: digits.pixels(index) }, side);
    for (let y = Math.max(0, -top); y < Math.min(side, imageSize - top); y++) {
      for (let x = Math.max(0, -left); x < Math.min(side, imageSize - left); x++) {
        const target = (top + y) * imageSize + left + x;
        grey[target] = Math.max(grey[target]!, Math.round(pixels[y * side + x]! * contrast));
      }
    }
  }
  const data = new Uint8Array(3 * grey.length);
  for (const [pixel, value] of grey.entries()) data.fill(value, 3 * pixel, 3 * pixel + 3);
  return { width: imageSize, height: imageSize, data };
}
