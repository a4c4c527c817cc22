import { relative } from "node:path";
import { Command } from "commander";
import { writeReport } from "../report/write-report.ts";

export function reportCommand(): Command {
  return new Command("report")
    .description("write a run's report: one HTML file with curves and samples")
    .argument("<run>", "run directory")
    .addHelpText("after", "\nExample:\n  $ fovea report runs/digits-vppo-seed-1")
    .action(async (run: string) => {
      process.stdout.write(`${relative(process.cwd(), await writeReport(run))}\n`);
    });
}
