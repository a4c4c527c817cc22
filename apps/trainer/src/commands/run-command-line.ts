import { Command, CommanderError } from "commander";
import { terminalColours } from "../terminal-colours.ts";
import { trainerManifest } from "../trainer-package.ts";
import { compareCommand } from "./compare-command.ts";
import { doctorCommand } from "./doctor-command.ts";
import { evaluateCommand } from "./evaluate-command.ts";
import { EXIT } from "./exit-codes.ts";
import { gradeCommand } from "./grade-command.ts";
import { perceiveCommand } from "./perceive-command.ts";
import { reportCommand } from "./report-command.ts";
import { serveCommand } from "./serve-command.ts";
import { trainCommand } from "./train-command.ts";
import { viewCommand } from "./view-command.ts";

const colours = terminalColours(process.stderr);

function buildProgram(): Command {
  const program = new Command("fovea")
    .description("Reinforcement learning with verifiable rewards for vision-language policies.")
    .version(trainerManifest().version)
    .showSuggestionAfterError()
    .showHelpAfterError("(fovea --help lists the commands)");
  for (const command of [
    trainCommand(),
    compareCommand(),
    evaluateCommand(),
    gradeCommand(),
    perceiveCommand(),
    viewCommand(),
    serveCommand(),
    reportCommand(),
    doctorCommand(),
  ]) {
    program.addCommand(command.showHelpAfterError(`(fovea ${command.name()} --help shows the options)`));
  }
  return program;
}

/** Runs `fovea` and sets the exit code. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  const program = buildProgram();
  for (const command of [program, ...program.commands]) command.exitOverride();
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.success : EXIT.user;
      return;
    }
    // By name, not by class: a plug-in may bring its own copy of core.
    if (error instanceof Error && error.name === "FoveaError") {
      process.stderr.write(`${colours.red("error:")} ${error.message}\n`);
      process.exitCode = EXIT.user;
      return;
    }
    process.stderr.write(
      `${colours.red("a fault of Fovea's own:")} ${error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exitCode = EXIT.internal;
  }
}
