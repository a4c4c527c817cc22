import { relative } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { Command } from "commander";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import { consoleRecorder } from "../recorders/console-recorder.ts";
import { writeReport } from "../report/write-report.ts";
import type { AccuracyEstimate } from "../run-directory/accuracy-estimate.ts";
import { terminalColours } from "../terminal-colours.ts";
import { describeUsage } from "../training/describe-usage.ts";
import { InterruptedError } from "../training/interrupted-error.ts";
import { resumeTraining, type TrainingResult, train } from "../training/train.ts";
import { EXIT } from "./exit-codes.ts";
import { abortOnInterrupt } from "./interruption.ts";
import { collect, wholeNumber } from "./option-values.ts";

interface TrainOptions {
  readonly set: readonly string[];
  readonly resume?: string;
  readonly fromStep?: number;
  readonly quiet?: boolean;
}

function shown({ accuracy, low, high, prompts }: AccuracyEstimate): string {
  const percent = (value: number) => (100 * value).toFixed(1);
  return `${percent(accuracy)} % (95 % interval ${percent(low)} to ${percent(high)}, ${prompts} held-out prompts)`;
}

function printResult({ directory, status }: TrainingResult, report: string | undefined): void {
  const place = relative(process.cwd(), directory) || ".";
  const lines = [""];
  if (status.before) lines.push(`accuracy before  ${shown(status.before)}`);
  if (status.after) lines.push(`accuracy after   ${terminalColours(process.stdout).bold(shown(status.after))}`);
  const wallSeconds = (Date.parse(status.updatedAt) - Date.parse(status.startedAt)) / 1000;
  lines.push(
    `training         ${status.step} updates in ${status.trainingSeconds.toFixed(1)} s, ${status.totalTokens} response tokens; ${wallSeconds.toFixed(1)} s since the run began`,
    ...(status.usage ? [`engine           ${describeUsage(status.usage)}`] : []),
    `run directory    ${place}`,
  );
  if (report !== undefined) lines.push(`report           ${relative(process.cwd(), report)}`);
  process.stdout.write(`${lines.join("\n")}\n`);
}

async function runTrain(config: string | undefined, options: TrainOptions): Promise<void> {
  if (options.resume !== undefined && (config !== undefined || options.set.length > 0)) {
    throw new FoveaError("--resume goes on with a run's own configuration: leave out the configuration file and --set");
  }
  if (options.fromStep !== undefined && options.resume === undefined) {
    throw new FoveaError(
      "--from-step says where --resume goes on; name the run: fovea train --resume <run> --from-step <n>",
    );
  }
  const console = options.quiet ? undefined : consoleRecorder();
  let isOpen = false;
  const interruption = abortOnInterrupt(() => {
    const what = isOpen ? "finishing this update and saving" : "stopping before an update has begun";
    console?.onNotice(`${what}; Ctrl-C once more ends at once`);
  });
  const training = {
    signal: interruption.signal,
    onOpened: () => {
      isOpen = true;
    },
    command: process.argv.slice(2),
    ...(console ? { recorders: console.recorder, onPhase: console.onPhase, onNotice: console.onNotice } : {}),
  };
  let result: TrainingResult;
  try {
    result =
      options.resume === undefined
        ? await train(await loadConfiguration(config, options.set), training)
        : await resumeTraining(options.resume, {
            ...training,
            ...(options.fromStep === undefined ? {} : { fromStep: options.fromStep }),
          });
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    const left = options.resume === undefined ? "nothing is left behind" : "the run can be resumed as before";
    process.stdout.write(`stopped before an update had begun: nothing was trained, and ${left}\n`);
    process.exitCode = EXIT.interrupted;
    return;
  } finally {
    interruption.stop();
    console?.stop();
  }
  const place = relative(process.cwd(), result.directory) || ".";
  if (result.status.state === "interrupted") {
    process.stdout.write(
      `saved after ${result.status.step} of ${result.status.updates} updates; to go on: fovea train --resume ${place}\n`,
    );
    process.exitCode = EXIT.interrupted;
    return;
  }
  // The policy is trained and saved: a report that cannot be written must not look like a failed run.
  const report = await writeReport(result.directory).catch((error: Error) => {
    process.stderr.write(`note: no report was written (${error.message})\n`);
    return undefined;
  });
  printResult(result, report);
}

export function trainCommand(): Command {
  return new Command("train")
    .description("train a policy, or go on with a run")
    .argument("[config]", "configuration file (.ts, .js, .json, .yaml); default: fovea.config.* of this folder")
    .option("--set <path=value>", "override a value of the configuration (repeatable)", collect, [])
    .option("--resume <run>", "go on with a run directory from its newest checkpoint")
    .option("--from-step <step>", "with --resume: from the checkpoint of this step; 0 starts over", wholeNumber)
    .option("--quiet", "print the result only")
    .addHelpText(
      "after",
      `
Examples:
  $ fovea train
  $ fovea train fovea.config.ts --set algorithm=grpo --set training.learningRate.peak=1e-5
  $ fovea train --resume runs/digits-vppo-seed-1

Ctrl-C finishes the update, saves and says how to go on; while the engine is still being opened it ends at once. Exit
codes: 0 done, 2 something to put right, 130 interrupted and saved, 1 a fault of Fovea's own.`,
    )
    .action(runTrain);
}
