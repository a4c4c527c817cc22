#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { CreateAlgorithmError } from "./create-algorithm-error.ts";
import { type WrittenPackage, writeAlgorithmPackage } from "./write-algorithm-package.ts";

const USAGE = `Usage: npm create @fovea-rl/algorithm <name>

Writes a package for a reinforcement-learning algorithm of your own, which builds, passes Fovea's conformance
suite and trains. Within the Fovea repository it becomes packages/algo-<name>.

  <name>         as in my-algorithm or @my-scope/my-algorithm
  -h, --help     this text
  -v, --version  the version of this command
`;

function nextSteps({ name, packageName, directory, workspace }: WrittenPackage): string {
  const folder = relative(process.cwd(), directory) || ".";
  const steps = workspace
    ? [
        ["pnpm install", ""],
        [`pnpm exec turbo run build --filter ${packageName}...`, ""],
        [`pnpm exec vitest run packages/algo-${name}`, "the conformance suite and your own tests"],
        [`cd ${folder} && pnpm run train`, "train with it on images of handwritten digits"],
        ["pnpm changeset", "before you open a pull request"],
      ]
    : [
        [`cd ${folder}`, ""],
        ["npm install", ""],
        ["npm run build", ""],
        ["npm test", "the conformance suite and your own tests"],
        ["npm run train", "train with it on images of handwritten digits"],
      ];
  const width = Math.max(...steps.map(([command]) => command!.length));
  const lines = steps.map(([command, why]) => `  ${why ? `${command!.padEnd(width)}  # ${why}` : command}`);
  return `${packageName} is in ${folder}. Its mathematics is in src/algorithm.ts, its tests beside it.

Next:
${lines.join("\n")}
`;
}

function run(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "v" } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  if (values.version) {
    const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    process.stdout.write(`${manifest.version}\n`);
    return;
  }
  const [name, ...rest] = positionals;
  if (name === undefined) throw new CreateAlgorithmError(`how is the algorithm called?\n\n${USAGE}`);
  if (rest.length > 0) throw new CreateAlgorithmError(`one name is enough; what is "${rest.join(" ")}"?`);
  process.stdout.write(nextSteps(writeAlgorithmPackage(name, process.cwd())));
}

function isMistakenOption(error: unknown): error is Error {
  return error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

try {
  run();
} catch (error) {
  if (!(error instanceof CreateAlgorithmError) && !isMistakenOption(error)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 2;
}
