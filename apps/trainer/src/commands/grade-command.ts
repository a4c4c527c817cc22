import { FoveaError } from "@fovea-rl/core";
import type { GradedLine, GradeSummary, PresetName } from "@fovea-rl/rewards";
import { Command } from "commander";
import { terminalColours } from "../terminal-colours.ts";

const colours = terminalColours(process.stdout);

interface GradeCommandOptions {
  readonly preset: string;
  readonly json?: boolean;
  readonly only?: string;
}

/** Which lines are printed, by the word that asks for them. */
const selections: Readonly<Record<string, (line: GradedLine) => boolean>> = {
  all: () => true,
  wrong: ({ correct }) => !correct,
  disagreements: ({ correct, expected }) => expected !== undefined && correct !== expected,
};

export function gradeCommand(): Command {
  return new Command("grade")
    .description("grade responses against reference answers: verdicts, and a summary")
    .argument(
      "<file>",
      'JSON lines with "reference" (or answer, gold), "response" (or pred, completion) and, for multiple choice, "options"',
    )
    .option("--preset <name>", "how answers are read and compared", "default")
    .option("--only <which>", `${Object.keys(selections).join(", ")}: the verdicts to print`, "all")
    .option("--json", "print verdicts as JSON lines, and the summary to standard error")
    .addHelpText(
      "after",
      "\nA verdict in the file (expected, official, correct) is compared with ours.\n\nExample:\n  $ fovea grade responses.jsonl --preset vppo --only wrong",
    )
    .action(grade);
}

async function grade(file: string, { preset, json, only = "all" }: GradeCommandOptions): Promise<void> {
  const { gradeFile, presetNames, summariseGrades } = await import("@fovea-rl/rewards");
  if (!presetNames.includes(preset as PresetName)) {
    throw new FoveaError(`there is no preset "${preset}"; presets are ${presetNames.join(", ")}`);
  }
  const selects = selections[only];
  if (selects === undefined) {
    throw new FoveaError(`--only ${only}: it must be one of ${Object.keys(selections).join(", ")}`);
  }
  const lines: GradedLine[] = [];
  for await (const line of gradeFile(file, { preset: preset as PresetName })) {
    lines.push(line);
    if (selects(line)) process.stdout.write(`${json ? JSON.stringify(line) : describeLine(line)}\n`);
  }
  const summary = describeSummary(summariseGrades(lines));
  if (json) process.stderr.write(summary);
  else process.stdout.write(`\n${summary}`);
}

/** What is printed comes from a model: one line, without control characters. */
function shortened(text: string, length: number): string {
  const single = text.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return single.length > length ? `${single.slice(0, length - 1)}…` : single;
}

function describeLine({ line, id, correct, extracted, reference, reason, expected }: GradedLine): string {
  const mark = correct ? colours.green("right") : colours.red("wrong");
  const note =
    expected === undefined || expected === correct
      ? ""
      : colours.yellow(` [the file says ${expected ? "right" : "wrong"}]`);
  const answer = extracted === undefined ? "no answer" : shortened(extracted, 40);
  return `${String(line).padStart(5)}  ${mark}  ${id ? `${id}: ` : ""}${answer}  for  ${shortened(reference, 40)}  (${reason})${note}`;
}

function describeSummary({ count, correct, labelled, methods }: GradeSummary): string {
  const share = (part: number, whole: number): string => (whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`);
  const found = Object.entries(methods).sort(([, a], [, b]) => b - a);
  const rows = [
    `${correct} of ${count} right (${share(correct, count)})`,
    `answers found by ${found.map(([method, times]) => `${method} ${times}`).join(", ") || "nothing"}`,
  ];
  if (labelled.count > 0) {
    rows.push(
      `agreement with the file's own verdicts: ${labelled.agree} of ${labelled.count} (${share(labelled.agree, labelled.count)}), ` +
        `${labelled.falsePositives} too kind, ${labelled.falseNegatives} too strict`,
    );
  }
  return `${rows.join("\n")}\n`;
}
