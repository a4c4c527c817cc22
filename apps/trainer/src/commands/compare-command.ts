import { spawn } from "node:child_process";
import { join, relative } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import Table from "cli-table3";
import { Command } from "commander";
import { compare } from "../comparison/compare.ts";
import { COMPARISON_HEAD, comparisonRows } from "../comparison/comparison-table.ts";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import { EXIT } from "./exit-codes.ts";
import { abortOnInterrupt } from "./interruption.ts";
import { collect, commaList, numberList, wholeNumber } from "./option-values.ts";

interface CompareCommandOptions {
  readonly algorithms?: readonly string[];
  readonly seeds?: readonly number[];
  readonly jobs: number;
  readonly name?: string;
  readonly set: readonly string[];
}

/** Runs `fovea` again, as this process was started; its output goes to standard error, where it is alone. */
function runFovea(args: readonly string[], isAlone: boolean): Promise<number> {
  const quiet = isAlone ? [] : ["--quiet"];
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args, ...quiet], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  // Ctrl-C reaches the whole process group by itself; a SIGTERM only this process.
  const forward = () => child.kill("SIGTERM");
  process.once("SIGTERM", forward);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      process.removeListener("SIGTERM", forward);
      resolve(code ?? EXIT.internal);
    });
  });
}

async function runCompare(config: string | undefined, options: CompareCommandOptions): Promise<void> {
  if (options.jobs < 1) throw new FoveaError("--jobs: at least one run must go on at a time");
  const loaded = await loadConfiguration(config, options.set);
  const { comparison: defaults } = loaded.configuration;
  const { signal, stop } = abortOnInterrupt(() => {
    process.stderr.write("\nfinishing the updates in progress and saving; Ctrl-C once more ends at once\n");
  });
  const { directory, comparison } = await compare(loaded, {
    algorithms: options.algorithms,
    seeds: options.seeds ?? defaults.seeds,
    jobs: options.jobs,
    name: options.name,
    signal,
    runMember: (args) => runFovea(args, options.jobs === 1),
    onMember: ({ label, seed, state, before, after, error }, place, total) => {
      const percent = (value: number | undefined) => (value === undefined ? "-" : `${(100 * value).toFixed(1)} %`);
      const outcome = error ?? `${percent(before?.accuracy)} -> ${percent(after?.accuracy)}`;
      process.stderr.write(`[${place}/${total}] ${label} seed ${seed}: ${state}, ${outcome}\n`);
    },
  }).finally(stop);
  const place = relative(process.cwd(), directory) || ".";
  const table = new Table({ head: [...COMPARISON_HEAD], style: { head: [], border: [] } });
  table.push(...comparisonRows(comparison.summary).map((row) => [...row]));
  process.stdout.write(
    `${table.toString()}\n${comparison.method}\n\nwritten to ${join(place, "comparison.md")} and comparison.json\n`,
  );
  const unfinished = comparison.runs.filter(({ state }) => state !== "finished");
  if (unfinished.length > 0) {
    const names = unfinished.map(({ directory: run, state, error }) => `${run} (${error ?? state})`).join(", ");
    process.stdout.write(`not finished: ${names}; the same command goes on where it stopped\n`);
    process.exitCode = signal.aborted ? EXIT.interrupted : EXIT.user;
  }
}

export function compareCommand(): Command {
  return new Command("compare")
    .description("train several algorithms, or settings of one, over several seeds, fairly, and compare them")
    .argument("[config]", "configuration file; default: fovea.config.* of this folder")
    .option(
      "--algorithms <names>",
      "e.g. grpo,dapo,vppo, or labels of comparison.algorithms; differences are to the first",
      commaList,
    )
    .option("--seeds <numbers>", "e.g. 1,2,3", numberList)
    .option("--jobs <count>", "runs at a time", wholeNumber, 1)
    .option("--name <name>", "directory below run.directory; default: compare-<task>")
    .option("--set <path=value>", "override a value of the configuration (repeatable)", collect, [])
    .addHelpText(
      "after",
      `
All runs share the configuration's base weights, prompts, order and budget; only algorithm and seed differ. The
same command again goes on with what is not finished. Settings of one algorithm are told apart by labels.

Examples:
  $ fovea compare fovea.config.ts --algorithms grpo,dapo,vppo --seeds 1,2,3
  $ fovea compare --algorithms dapo,vppo --seeds 1,2,3,4,5 --jobs 2 --set training.updates=100
  $ fovea compare --set 'comparison.algorithms=[{ label: k=0.4, use: vppo, options: { filtering: { fraction: 0.4 } } },
      { label: k=0.2, use: vppo, options: { filtering: { fraction: 0.2 } } }]'`,
    )
    .action(runCompare);
}
