import { randomGenerator } from "@fovea-rl/core";

/** The optimiser mini-batches of an update: a random order of the groups, cut into equal parts. Indices within a part ascend. */
export function partitionMiniBatches(
  groups: number,
  miniBatches: number,
  seed: number,
  update: number,
): readonly (readonly number[])[] {
  const order = randomGenerator({ seed, purpose: "mini-batches", step: update }).permutation(groups);
  const size = groups / miniBatches;
  return Array.from({ length: miniBatches }, (_, part) =>
    Array.from(order.subarray(part * size, (part + 1) * size)).sort((a, b) => a - b),
  );
}
