import type { Address } from "./kernel-exports.ts";
import { type ModelKernels, roundUpToSixteen } from "./model-kernels.ts";

/** Sizes of grouped-query attention, and where queries, keys and values stand in a projected row. */
export interface AttentionShape {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDimension: number;
  /** A head's width in rows of a cache: a multiple of sixteen. */
  readonly valueWidth: number;
  /** Floats of a projected row: queries, keys, values. */
  readonly stride: number;
  readonly keyOffset: number;
  readonly valueOffset: number;
}

export function attentionShape(heads: number, keyValueHeads: number, headDimension: number): AttentionShape {
  return {
    heads,
    keyValueHeads,
    headDimension,
    valueWidth: roundUpToSixteen(headDimension),
    stride: (heads + 2 * keyValueHeads) * headDimension,
    keyOffset: heads * headDimension,
    valueOffset: (heads + keyValueHeads) * headDimension,
  };
}

/** Keys and values of one sequence in one layer. */
export interface KeyValueCache {
  readonly keys: Address;
  readonly values: Address;
  /** Tokens there is room for: a multiple of sixteen. */
  readonly capacity: number;
}

export const NO_CACHE: KeyValueCache & { readonly length: 0 } = { keys: 0, values: 0, capacity: 0, length: 0 };

/** Floats of one of the two halves of a cache. */
export function cacheFloats(shape: AttentionShape, capacity: number): number {
  return shape.keyValueHeads * shape.valueWidth * capacity;
}

export function allocateCache(kernels: ModelKernels, shape: AttentionShape, tokens: number): KeyValueCache {
  const capacity = roundUpToSixteen(Math.max(1, tokens));
  const floats = cacheFloats(shape, capacity);
  return { keys: kernels.allocate(floats), values: kernels.allocate(floats), capacity };
}

/** Writes keys and values of projected rows into a cache. */
export function fillCache(
  kernels: ModelKernels,
  shape: AttentionShape,
  cache: KeyValueCache,
  rows: Address,
  count: number,
  start: number,
): void {
  const { stride, keyValueHeads, headDimension, keyOffset, valueOffset, valueWidth } = shape;
  kernels.run.storeKeysValues(
    rows,
    stride,
    count,
    keyValueHeads,
    headDimension,
    keyOffset,
    valueOffset,
    cache.keys,
    cache.values,
    cache.capacity,
    valueWidth,
    start,
  );
}

/** What attention's gradient reads and writes of a sequence's keys and values. */
export interface CacheGradients {
  readonly cache: KeyValueCache;
  /** Keys in rows, as values lie in a cache, and values as keys do. */
  readonly keyRows: Address;
  readonly valueColumns: Address;
  readonly keyGradients: Address;
  readonly valueGradients: Address;
}
