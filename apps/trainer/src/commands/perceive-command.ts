import { relative } from "node:path";
import { DEPENDENCY_ESTIMATORS, type DependencyEstimator } from "@fovea-rl/perception";
import type { DependencyNumbers } from "@fovea-rl/run-records";
import Table from "cli-table3";
import { Command, Option } from "commander";
import { type PerceiveOptions, perceiveRun } from "../perception/perceive-run.ts";
import { collect, positiveNumber, wholeNumber } from "./option-values.ts";

const PERTURBATIONS = ["patch-black", "gaussian-noise", "gaussian-blur", "grey"] as const;

interface PerceiveCommandOptions {
  readonly step?: number;
  readonly task?: string;
  readonly prompts: number;
  readonly samples: number;
  readonly estimator: DependencyEstimator;
  readonly perturbation: PerceiveOptions["perturbation"];
  readonly fraction?: number;
  readonly set: readonly string[];
  readonly name?: string;
}

function row(name: string, numbers: DependencyNumbers): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    name,
    String(numbers.rollouts),
    String(numbers.tokens),
    numbers.mean.toPrecision(3),
    percent(numbers.top10Share),
    percent(numbers.top20Share),
    percent(numbers.top40Share),
  ];
}

async function runPerceive(run: string, { task, set, ...options }: PerceiveCommandOptions): Promise<void> {
  const { result, path } = await perceiveRun(run, {
    ...options,
    overrides: [...(task === undefined ? [] : [`task=${task}`]), ...set],
    onProgress: (done, total) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done}/${total} prompts${done === total ? "\n" : ""}`);
    },
  });
  const { profile } = result;
  const table = new Table({
    head: ["", "rollouts", "tokens", "mean", "top 10 %", "top 20 %", "top 40 %"],
    style: { head: [], border: [] },
  });
  table.push(row("all", profile.overall));
  for (const [name, numbers] of Object.entries(profile.byVerdict)) table.push(row(name, numbers));
  for (const [name, numbers] of Object.entries(profile.byFamily)) table.push(row(name, numbers));
  const tokens = profile.topTokens
    .slice(0, 10)
    .map(({ text, mean }) => `${JSON.stringify(text)} ${mean.toPrecision(3)}`);
  process.stdout.write(
    `visual dependency of step ${result.step}, nats a token\n${table.toString()}\nrank highest: ${tokens.join(", ")}\nwritten to ${relative(process.cwd(), path)}; fovea view shows it token by token\n`,
  );
}

export function perceiveCommand(): Command {
  return new Command("perceive")
    .description("measure how much a checkpoint's answers look at the image")
    .argument("<run>", "run directory, or a checkpoint in it")
    .option("--step <step>", "checkpoint; 0 is the base policy; default: the newest", wholeNumber)
    .option("--task <task>", "another task than the run's, with its default options")
    .option("--prompts <count>", "held-out prompts", wholeNumber, 100)
    .option("--samples <count>", "rollouts a prompt", wholeNumber, 4)
    .addOption(new Option("--estimator <name>", "of visual dependency").choices(DEPENDENCY_ESTIMATORS).default("k3"))
    .addOption(new Option("--perturbation <name>", "of the image").choices(PERTURBATIONS).default("patch-black"))
    .option(
      "--fraction <share>",
      "of a rollout's tokens outlined as pivotal, as VPPO chooses them",
      positiveNumber,
      0.4,
    )
    .option("--set <path=value>", "override a value of the run's configuration (repeatable)", collect, [])
    .option("--name <name>", "name of the files in perception/; default: step-<step>")
    .addHelpText(
      "after",
      `
Examples:
  $ fovea perceive runs/digits-vppo-seed-1
  $ fovea perceive runs/digits-vppo-seed-1 --step 0
  $ fovea perceive runs/digits-vppo-seed-1/checkpoints/step-50 --prompts 200 --perturbation gaussian-blur --name step-50-blur`,
    )
    .action(runPerceive);
}
