import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Image } from "@fovea-rl/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readImageProcessor } from "./image-processor.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fovea-image-processor-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const write = (fields: object): void =>
  writeFileSync(join(directory, "preprocessor_config.json"), JSON.stringify(fields));

/** Each pixel's red is its column, green its row, blue 255. */
function gradient(width: number, height: number): Image {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    data.set([pixel % width, Math.floor(pixel / width), 255], 3 * pixel);
  }
  return { width, height, data };
}

describe("an image", () => {
  it("of the right size becomes normalised values, channel by channel", async () => {
    write({
      do_image_splitting: false,
      image_mean: [0, 0.5, 0.5],
      image_std: [1, 0.5, 0.25],
      max_image_size: { longest_edge: 2 },
    });
    const values = await (await readImageProcessor(directory, 2)).process(gradient(2, 2));
    const channel = (v: number, mean: number, deviation: number): number => Math.fround((v / 255 - mean) / deviation);
    expect([...values]).toEqual([
      ...[0, 1, 0, 1].map((red) => channel(red, 0, 1)),
      ...[0, 0, 1, 1].map((green) => channel(green, 0.5, 0.5)),
      ...[255, 255, 255, 255].map((blue) => channel(blue, 0.5, 0.25)),
    ]);
  });

  it("is rescaled to [-1, 1] where the checkpoint says nothing", async () => {
    const processor = await readImageProcessor(directory, 1);
    const values = await processor.process({ width: 1, height: 1, data: Uint8Array.of(0, 255, 51) });
    expect([...values]).toEqual([-1, 1, Math.fround(-0.6)]);
  });

  it("of another size is resized to the square, whole and with the asked filter", async () => {
    write({ do_image_splitting: false, do_normalize: false, do_rescale: false, resample: 0 });
    const values = await (await readImageProcessor(directory, 2)).process(gradient(4, 6));
    const red = [...values.subarray(0, 4)];
    const green = [...values.subarray(4, 8)];
    // Nearest neighbour: one of the two columns and of the three rows that each target pixel covers.
    expect([red[0]! <= 1, red[1]! >= 2, red[0] === red[2], red[1] === red[3]]).toEqual([true, true, true, true]);
    expect([green[0]! <= 2, green[2]! >= 3, green[0] === green[1]]).toEqual([true, true, true]);
  });

  it("keeps its mean when it is made smaller with Lanczos", async () => {
    write({ do_image_splitting: false, do_normalize: false, do_rescale: false });
    const values = await (await readImageProcessor(directory, 4)).process(gradient(64, 64));
    const mean = values.subarray(0, 16).reduce((sum, value) => sum + value, 0) / 16;
    expect(Math.abs(mean - 31.5)).toBeLessThan(1);
  });

  it("of another size is refused where the checkpoint forbids resizing, and so is one whose bytes do not fit", async () => {
    write({ do_image_splitting: false, do_resize: false });
    const processor = await readImageProcessor(directory, 2);
    await expect(processor.process(gradient(3, 2))).rejects.toThrow(
      /do_resize is false, and an image has 3x2 pixels, not 2x2/,
    );
    await expect(processor.process({ width: 2, height: 2, data: new Uint8Array(11) })).rejects.toThrow(
      /12 bytes, not 11/,
    );
  });
});

describe("a preprocessor_config.json", () => {
  it("that splits images into tiles is refused unless images may be shown whole", async () => {
    write({ max_image_size: { longest_edge: 512 }, size: { longest_edge: 2048 }, resample: 1 });
    await expect(readImageProcessor(directory, 512)).rejects.toThrow(/do_image_splitting is set.*ignoreImageSplitting/);
    expect((await readImageProcessor(directory, 512, { ignoreImageSplitting: true })).imageSize).toBe(512);
  });

  it.each([
    [{ max_image_size: { longest_edge: 364 } }, /max_image_size\.longest_edge is 364; the model's image_size is 8/],
    [{ resample: 5 }, /resample is 5/],
    [{ image_mean: [0.5] }, /image_mean is \[0\.5\]; it must be three numbers/],
    [{ image_std: [0.5, 0, 0.5] }, /image_std holds 0/],
    [{ rescale_factor: 0 }, /rescale_factor is 0/],
    [{ do_center_crop: true }, /do_center_crop is a setting that this engine does not know/],
  ])("with a field that cannot be honoured is refused (%#)", async (fields, message) => {
    write({ do_image_splitting: false, ...fields });
    await expect(readImageProcessor(directory, 8)).rejects.toThrow(message);
  });
});
