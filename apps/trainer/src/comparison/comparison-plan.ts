import { basename } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import type { Configuration, PluginUse } from "../configuration/configuration.ts";

/** One run of a comparison. */
export interface ComparisonMember {
  readonly algorithm: string;
  readonly seed: number;
  /** Directory below that of the comparison. */
  readonly directory: string;
  readonly configuration: Configuration;
}

function duplicates<Value>(values: readonly Value[]): readonly Value[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

/**
 * The options an algorithm is compared with: those that `comparison.algorithms` gives it; or those of `algorithm`, if it is that
 * one; or its defaults.
 */
function algorithmUse(configuration: Configuration, name: string): PluginUse {
  const listed = configuration.comparison.algorithms.find(({ use }) => use === name);
  if (listed && Object.keys(listed.options).length > 0) return listed;
  return configuration.algorithm.use === name ? configuration.algorithm : { use: name, options: {} };
}

/**
 * One run for each algorithm and seed, all of the same configuration otherwise: same base weights, prompts in the same order by seed,
 * same budget.
 *
 * @param runsDirectory where the member runs go
 * @throws FoveaError if an algorithm or seed is named twice, or none is.
 */
export function planComparison(
  configuration: Configuration,
  algorithms: readonly string[],
  seeds: readonly number[],
  runsDirectory: string,
): readonly ComparisonMember[] {
  if (algorithms.length === 0) {
    throw new FoveaError(
      "name the algorithms to compare: --algorithms grpo,dapo,vppo, or comparison.algorithms in the configuration",
    );
  }
  for (const [what, values] of [["algorithm", algorithms] as const, ["seed", seeds] as const]) {
    const [twice] = duplicates<string | number>(values);
    if (twice !== undefined) throw new FoveaError(`the ${what} ${twice} is named twice in this comparison`);
  }
  // Seeds outside, so that an interrupted comparison has whole seeds, which can be paired.
  return seeds.flatMap((seed) =>
    algorithms.map((algorithm) => {
      const directory = `${basename(algorithm).replaceAll(/[^\w.+-]/g, "-")}-seed-${seed}`;
      return {
        algorithm,
        seed,
        directory,
        configuration: {
          ...configuration,
          seed,
          algorithm: algorithmUse(configuration, algorithm),
          run: { name: directory, directory: runsDirectory },
        },
      };
    }),
  );
}
