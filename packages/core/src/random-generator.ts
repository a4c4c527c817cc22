/**
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011). A stream is a pure function of its key, so every draw of a run is the same whatever the batch split, the number
 * of workers or a resume in between.
 */

/** What a stream of random numbers is for. Different keys give independent streams. */
export interface RandomKey {
  /** The run's seed. */
  readonly seed: number;
  /** What is drawn: "sample", "perturb", "task", ... */
  readonly purpose: string;
  readonly step?: number;
  readonly promptId?: string;
  readonly sampleIndex?: number;
}

export interface RandomGenerator {
  /** Next 32 random bits, 0 to 2^32 - 1. */
  uint32(): number;
  /** Uniform in [0, 1), with 53 random bits. */
  uniform(): number;
  /** Uniform integer from 0 to bound - 1, without modulo bias. */
  integer(bound: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
  /** A random order of 0 to length - 1 (Fisher-Yates). */
  permutation(length: number): Int32Array;
}

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** High 32 bits of the product of two 32-bit unsigned integers. */
function multiplyHigh(left: number, right: number): number {
  const leftLow = left & 0xffff;
  const leftHigh = left >>> 16;
  const rightLow = right & 0xffff;
  const rightHigh = right >>> 16;
  const middle = leftHigh * rightLow + ((leftLow * rightLow) >>> 16);
  const carry = leftLow * rightHigh + (middle & 0xffff);
  return (leftHigh * rightHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** One Philox4x32-10 block: 128 random bits as a function of a 128-bit counter and a 64-bit key. */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** FNV-1a over UTF-16 code units, finished with murmur3's avalanche; `basis` selects one of a family of hashes. */
function hash32(text: string, basis: number): number {
  let hash = (0x811c9dc5 ^ basis) >>> 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The stream of a key, from its beginning. */
export function randomGenerator(key: RandomKey): RandomGenerator {
  // JSON keeps the parts apart: {purpose: "a", step: 11} and {purpose: "a1", step: 1} must differ.
  const name = JSON.stringify([key.seed, key.purpose, key.step ?? null, key.promptId ?? null, key.sampleIndex ?? null]);
  const philoxKey = [hash32(name, 0), hash32(name, 0x5bd1e995)] as const;
  const stream = [hash32(name, 0x1b873593), hash32(name, 0xe6546b64)] as const;
  let block: readonly number[] = [];
  let blockCount = 0;
  let used = 4;
  let spareNormal: number | undefined;

  function uint32(): number {
    if (used === 4) {
      const counter = [blockCount >>> 0, Math.floor(blockCount / 0x100000000), stream[0], stream[1]] as const;
      block = philox4x32(counter, philoxKey);
      blockCount++;
      used = 0;
    }
    return block[used++]!;
  }

  function uniform(): number {
    const high = uint32() >>> 5;
    const low = uint32() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  }

  function integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 0x100000000) {
      throw new RangeError(`the bound of a random integer must be a whole number from 1 to 2^32, not ${bound}`);
    }
    const limit = 0x100000000 - (0x100000000 % bound);
    let draw = uint32();
    while (draw >= limit) draw = uint32();
    return draw % bound;
  }

  function normal(): number {
    if (spareNormal !== undefined) {
      const value = spareNormal;
      spareNormal = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  function permutation(length: number): Int32Array {
    const order = Int32Array.from({ length }, (_, index) => index);
    for (let last = length - 1; last > 0; last--) {
      const other = integer(last + 1);
      [order[last], order[other]] = [order[other]!, order[last]!];
    }
    return order;
  }

  return { uint32, uniform, integer, normal, permutation };
}
