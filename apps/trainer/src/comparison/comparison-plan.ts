import { FoveaError } from "@fovea-rl/core";
import type { Configuration } from "../configuration/configuration.ts";
import type { Contender } from "./contender.ts";

/** One run of a comparison. */
export interface ComparisonMember {
  readonly contender: Contender;
  readonly seed: number;
  /** Directory below that of the comparison. */
  readonly directory: string;
  readonly configuration: Configuration;
}

/**
 * One run for each contender and seed, all of the same configuration otherwise: same base weights, prompts in the same order by seed,
 * same budget.
 *
 * @param runsDirectory where the member runs go
 * @throws FoveaError if a seed is named twice.
 */
export function planComparison(
  configuration: Configuration,
  contenders: readonly Contender[],
  seeds: readonly number[],
  runsDirectory: string,
): readonly ComparisonMember[] {
  const twice = seeds.find((seed, index) => seeds.indexOf(seed) !== index);
  if (twice !== undefined) throw new FoveaError(`the seed ${twice} is named twice in this comparison`);
  // Seeds outside, so that an interrupted comparison has whole seeds, which can be paired.
  return seeds.flatMap((seed) =>
    contenders.map((contender) => {
      const directory = `${contender.directory}-seed-${seed}`;
      return {
        contender,
        seed,
        directory,
        configuration: {
          ...configuration,
          seed,
          algorithm: contender.algorithm,
          run: { name: directory, directory: runsDirectory },
        },
      };
    }),
  );
}
