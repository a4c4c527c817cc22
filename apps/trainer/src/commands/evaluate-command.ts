import { join } from "node:path";
import Table from "cli-table3";
import { Command } from "commander";
import type { AccuracySummary } from "../evaluation/accuracy-summary.ts";
import { evaluateRun } from "../evaluation/evaluate-run.ts";
import { positiveNumber, wholeNumber } from "./option-values.ts";

interface EvaluateOptions {
  readonly step?: number;
  readonly prompts?: number;
  readonly samples?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly name?: string;
}

function row(label: string, { accuracy, low, high, prompts, responseLength }: AccuracySummary): string[] {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  return [label, percent(accuracy), `${percent(low)} to ${percent(high)}`, String(prompts), responseLength.toFixed(1)];
}

async function runEvaluate(run: string, options: EvaluateOptions): Promise<void> {
  const evaluation = await evaluateRun(run, {
    ...options,
    onProgress: (done, total) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done}/${total} prompts${done === total ? "\n" : ""}`);
    },
  });
  const table = new Table({
    head: ["", "accuracy", "95 % interval", "prompts", "tokens"],
    style: { head: [], border: [] },
  });
  table.push(row("all", evaluation.overall));
  for (const [family, summary] of Object.entries(evaluation.families)) table.push(row(family, summary));
  process.stdout.write(
    `step ${evaluation.step} of ${run}\n${table.toString()}\n${evaluation.method}\nanswers: ${join(run, evaluation.answers)}\n`,
  );
}

export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("measure a checkpoint on held-out prompts")
    .argument("<run>", "run directory")
    .option("--step <step>", "checkpoint to evaluate; 0 is the base policy; default: the newest", wholeNumber)
    .option("--prompts <count>", "held-out prompts; default: as the run's configuration says", wholeNumber)
    .option("--samples <k>", "answers a prompt, sampled: avg@k; default: one greedy answer", wholeNumber)
    .option("--temperature <t>", "with --samples; default 1", positiveNumber)
    .option("--top-p <p>", "with --samples; default 1", positiveNumber)
    .option("--name <name>", "name of the files in evaluations/")
    .addHelpText(
      "after",
      `
Examples:
  $ fovea evaluate runs/digits-vppo-seed-1
  $ fovea evaluate runs/digits-vppo-seed-1 --samples 8 --temperature 1
  $ fovea evaluate runs/digits-vppo-seed-1 --step 0`,
    )
    .action(runEvaluate);
}
