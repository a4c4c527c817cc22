/** Tables and plots out of the measurements: `node training/report.ts results/latest.json` makes them again. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { goalTable } from "./goals.ts";
import { growthPlot } from "./growth-plot.ts";
import type { Records } from "./records.ts";
import {
  achievedTable,
  agreementTable,
  boundsTable,
  growthTable,
  kernelTable,
  memoryTable,
  passesTable,
  poolTable,
  sharingTable,
  trlTable,
  vppoTable,
} from "./result-tables.ts";

function machineWords({ machine, mode, pinnedCores, commit, notRun }: Records): string {
  const load = machine.loadAtStart.map((value) => value.toFixed(1)).join(", ");
  return [
    `${machine.date}, commit ${commit}, mode ${mode}. ${machine.processor}, ${machine.cores} cores (${machine.vectorUnits}), ` +
      `${machine.memoryGigabytes} GiB, ${machine.system}, Node ${machine.node}. All processes pinned to the same ${pinnedCores} ` +
      `core(s). Load of the machine at the start (1, 5, 15 minutes): ${load}.`,
    ...notRun.map((line) => `Not run: ${line}.`),
  ].join("\n\n");
}

export async function writeReport(records: Records, directory: string): Promise<string> {
  const plots: string[] = [];
  for (const operation of ["train", "sample"]) {
    const svg = await growthPlot(records, operation);
    if (svg === undefined) continue;
    const name = `growth-${operation}.svg`;
    writeFileSync(join(directory, name), svg);
    plots.push(`![How ${operation} grows](${name})`);
  }
  const sections: readonly (readonly [string, string])[] = [
    ["Goals", goalTable(records)],
    ["Both sides compute the same", agreementTable(records)],
    ["Each pass, against a PyTorch loop over transformers", passesTable(records)],
    ["A whole update, against TRL's GRPOTrainer", trlTable(records)],
    ["Peak memory", memoryTable(records)],
    ["VPPO over DAPO", vppoTable(records)],
    ["Sharing the prefix", sharingTable(records)],
    ["A pool of workers", poolTable(records)],
    ["How the cost grows", [...plots, growthTable(records)].join("\n\n")],
    ["What bounds it: square matrix products", boundsTable(records)],
    ["What bounds it: operations a second", achievedTable(records)],
    ["What bounds it: kernels", kernelTable(records)],
  ];
  const text = [machineWords(records), ...sections.map(([title, body]) => `## ${title}\n\n${body}`)].join("\n\n");
  const file = join(directory, records.mode === "quick" ? "quick.md" : "tables.md");
  writeFileSync(file, `# Measurements\n\n${text}\n`);
  return file;
}

if (import.meta.main) {
  const source = resolve(process.argv[2]!);
  console.log(await writeReport(JSON.parse(readFileSync(source, "utf8")) as Records, dirname(source)));
}
