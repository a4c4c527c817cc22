import { relative } from "node:path";
import { Command } from "commander";
import { writeReport } from "../report/write-report.ts";

export function reportCommand(): Command {
  return new Command("report")
    .description("write a report: one HTML file with curves, rollouts and perception, to read offline")
    .argument("<run>", "run directory, comparison or folder of runs")
    .addHelpText("after", "\nExamples:\n  $ fovea report runs/digits-vppo-seed-1\n  $ fovea report runs/compare-digits")
    .action(async (run: string) => {
      process.stdout.write(`${relative(process.cwd(), await writeReport(run))}\n`);
    });
}
