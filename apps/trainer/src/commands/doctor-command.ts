import Table from "cli-table3";
import { Command } from "commander";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import { CONFIGURATION_FILES } from "../configuration/read-configuration-file.ts";
import { diagnose, type Finding } from "../doctor/diagnose.ts";
import { terminalColours } from "../terminal-colours.ts";
import { EXIT } from "./exit-codes.ts";

const colours = terminalColours(process.stdout);

function printFindings(title: string, findings: readonly Finding[]): void {
  const table = new Table({
    head: [title, "", ""],
    style: { head: [], border: [] },
    colWidths: [26, 10, null],
    wordWrap: true,
  });
  for (const { name, state, detail } of findings) {
    const mark = { ok: colours.green("ok"), absent: colours.dim("absent"), broken: colours.red("broken") }[state];
    table.push([name, mark, detail]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

async function runDoctor(config: string | undefined): Promise<void> {
  const loaded = config === undefined ? undefined : await loadConfiguration(config);
  const report = await diagnose(loaded?.baseDirectory ?? process.cwd(), loaded?.configuration);
  for (const [title, findings] of Object.entries(report)) printFindings(title, findings);
  if (loaded === undefined)
    process.stdout.write(`To check a configuration as well: fovea doctor <config>, e.g. ${CONFIGURATION_FILES[0]}\n`);
  if (Object.values(report).some((findings) => findings.some(({ state }) => state === "broken"))) {
    process.exitCode = EXIT.user;
  }
}

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("say which backends and plug-ins are here, and how to get what is missing")
    .argument("[config]", "check this configuration too")
    .addHelpText("after", "\nExamples:\n  $ fovea doctor\n  $ fovea doctor fovea.config.ts")
    .action(runDoctor);
}
