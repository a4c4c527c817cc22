import type { TokenDistribution, TokenLogits } from "../token-distribution.ts";
import type { Address } from "./kernel-exports.ts";
import type { ModelKernels } from "./model-kernels.ts";

/**
 * Logits of many rows, with their distributions at the temperatures that a draw needs computed for all rows at once.
 *
 * @param logits `[rows, vocabulary]`
 * @returns a row's logits, for as long as the pass lasts.
 */
export function sampledLogits(
  kernels: ModelKernels,
  logits: Address,
  rows: number,
  vocabulary: number,
  temperatures: readonly number[],
): (row: number) => TokenLogits {
  const best = kernels.allocate(rows);
  const made = temperatures.map((temperature) => {
    const weights = kernels.allocate(rows * vocabulary);
    const sums = kernels.allocate(4 * rows);
    kernels.run.tokenDistributions(logits, weights, sums, best, rows, vocabulary, 1 / temperature);
    return { temperature, weights, sums };
  });
  const { buffer } = kernels.memory;
  const bestTokens = new Int32Array(buffer, best, rows);
  const views = made.map(({ temperature, weights, sums }) => ({
    temperature,
    weights: kernels.floats(weights, rows * vocabulary),
    sums: new Float64Array(buffer, sums, 2 * rows),
  }));
  return (row) => ({
    values: kernels.floats(logits + 4 * row * vocabulary, vocabulary),
    best: bestTokens[row]!,
    distribution: (temperature): TokenDistribution => {
      const { weights, sums } = views.find((view) => view.temperature === temperature)!;
      return {
        weights: weights.subarray(row * vocabulary, (row + 1) * vocabulary),
        total: sums[2 * row]!,
        weightedLogits: sums[2 * row + 1]!,
      };
    },
  });
}
