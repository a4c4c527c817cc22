import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { writeAlgorithmPackage } from "@fovea-rl/create-algorithm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageFiles } from "./page-files.ts";

const run = promisify(execFile);
const modules = fileURLToPath(new URL("./node_modules", import.meta.url));
const files = pageFiles(new URL("./write-an-algorithm.md", import.meta.url));
const sources = { resolve: { conditions: ["@fovea-rl/source"] } };
const vitestConfig = {
  ...sources,
  ssr: { resolve: { ...sources.resolve, externalConditions: sources.resolve.conditions } },
};

let home: string;
let project: string;
let environment: NodeJS.ProcessEnv;

/** Follows the page in a folder of its own; only packages come from the workspace instead of a registry. */
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "write-an-algorithm-"));
  project = writeAlgorithmPackage("reinforce-plus-plus", home).directory;
  symlinkSync(modules, join(project, "node_modules"));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(project, path), text);
  writeFileSync(join(project, "vitest.config.js"), `export default ${JSON.stringify(vitestConfig)};\n`);
  environment = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|TEST$)/.test(key)),
  );
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe("the page that tells how to write an algorithm", () => {
  it("shows the files it speaks of", () => {
    expect(Object.keys(files)).toEqual([
      "src/algorithm.ts",
      "src/index.ts",
      "src/conformance.test.ts",
      "src/algorithm.test.ts",
      "fovea.config.ts",
    ]);
  });

  it("shows code that passes the conformance suite and the tests it shows", async () => {
    const vitest = join(modules, "vitest", "vitest.mjs");
    const { stdout } = await run(process.execPath, [vitest, "run", "--no-color"], { cwd: project, env: environment });
    expect(stdout).toMatch(/Test Files +2 passed/);
  }, 120_000);

  it("shows code that trains once a configuration names it", async () => {
    const trainer = join(modules, "@fovea-rl", "trainer", "src", "fovea.ts");
    const overrides = [
      "run.name=first",
      // The package is not built here, so its source is named; the test of new users names the package.
      "algorithm.use=./src/index.ts",
      "policy.use=@fovea-rl/testkit/tabular-policy",
      "policy.options={}",
      "task=@fovea-rl/testkit/tabular-task",
      "training.updates=3",
      "sampling.maximumTokens=8",
      "evaluation.prompts=16",
    ];
    const flags = overrides.flatMap((override) => ["--set", override]);
    await run(process.execPath, ["--conditions=@fovea-rl/source", trainer, "train", ...flags], {
      cwd: project,
      env: environment,
    });
    const metrics = readFileSync(join(project, "runs", "first", "metrics.jsonl"), "utf8");
    expect(metrics.match(/"kl\/reference"/g)).toHaveLength(3);
  }, 120_000);
});
