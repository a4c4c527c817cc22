import { basename } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import type { Configuration, PluginUse } from "../configuration/configuration.ts";

/** One side of a comparison: an algorithm with its options, under a name of its own. */
export interface Contender {
  /** Tells it apart wherever the comparison speaks of it: the label it was given, or the algorithm's name. */
  readonly label: string;
  readonly algorithm: PluginUse;
  /** Where it stands in the configuration, for messages. */
  readonly path: readonly (string | number)[];
  /** What the directories of its runs begin with. */
  readonly directory: string;
}

/** A label without what a directory's name may not hold; a package or a file by its last part. */
function directoryOf(name: string): string {
  return basename(name).replaceAll(/[^\w.+-]/g, "-");
}

/** Two values for which `key` is the same. */
function alike<Value>(values: readonly Value[], key: (value: Value) => string): readonly [Value, Value] | undefined {
  for (const [index, value] of values.entries()) {
    const earlier = values.slice(0, index).find((other) => key(other) === key(value));
    if (earlier !== undefined) return [earlier, value];
  }
  return undefined;
}

/** The entries of `comparison.algorithms`. @throws FoveaError if two have the same name. */
function listedContenders({ comparison, algorithm: configured }: Configuration): readonly Contender[] {
  const listed = comparison.algorithms.map(({ label, ...use }, index): Contender => {
    const isConfigured = Object.keys(use.options).length === 0 && use.use === configured.use;
    return {
      label: label ?? use.use,
      algorithm: isConfigured ? configured : use,
      path: isConfigured ? ["algorithm"] : ["comparison", "algorithms", index],
      directory: directoryOf(label ?? use.use),
    };
  });
  const twice = alike(listed, ({ label }) => label);
  if (twice) {
    const [first, second] = twice.map((contender) => listed.indexOf(contender));
    throw new FoveaError(
      `comparison.algorithms[${first}] and comparison.algorithms[${second}] are both called "${twice[0].label}": give each a label of its own: { label: "...", use: "${twice[1].algorithm.use}", options: { ... } }`,
    );
  }
  return listed;
}

/**
 * Those that a comparison is between. An entry of `comparison.algorithms` has the options listed there; one without options has those of
 * `algorithm`, if it is that one, or its defaults. So has an algorithm that is not listed.
 *
 * @param names labels of `comparison.algorithms`, or algorithms; all that are listed, if undefined.
 * @throws FoveaError if there is none, one is named twice, or two would share a directory.
 */
export function chooseContenders(
  configuration: Configuration,
  names: readonly string[] | undefined,
): readonly Contender[] {
  const listed = listedContenders(configuration);
  const { algorithm: configured } = configuration;
  const chosen = (names ?? listed.map(({ label }) => label)).map((name): Contender => {
    const found = listed.find(({ label }) => label === name);
    if (found) return found;
    const algorithm = configured.use === name ? configured : { use: name, options: {} };
    return { label: name, algorithm, path: ["algorithm"], directory: directoryOf(name) };
  });
  if (chosen.length === 0) {
    throw new FoveaError(
      "name the algorithms to compare: --algorithms grpo,dapo,vppo, or comparison.algorithms in the configuration",
    );
  }
  const twice = alike(chosen, ({ label }) => label);
  if (twice) throw new FoveaError(`the algorithm ${twice[0].label} is named twice in this comparison`);
  // Not all file systems tell capitals apart.
  const shared = alike(chosen, ({ directory }) => directory.toLowerCase());
  if (shared) {
    throw new FoveaError(
      `"${shared[0].label}" and "${shared[1].label}" would share the run directories ${shared[0].directory}-seed-...: give one a label (comparison.algorithms) that differs in more than capitals and signs`,
    );
  }
  return chosen;
}
