import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type WrittenPackage, writeAlgorithmPackage } from "./index.ts";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../../..", import.meta.url));
const modules = fileURLToPath(new URL("../node_modules", import.meta.url));

let copy: string;
let written: WrittenPackage;
let environment: NodeJS.ProcessEnv;

// A repository that looks like this one to whoever asks, so that nothing is written into this one.
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "fovea-repository-"));
  copyFileSync(join(repository, "pnpm-workspace.yaml"), join(copy, "pnpm-workspace.yaml"));
  copyFileSync(join(repository, "vitest.config.ts"), join(copy, "vitest.config.ts"));
  mkdirSync(join(copy, "packages"));
  symlinkSync(join(repository, "packages", "core"), join(copy, "packages", "core"));
  symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"));
  written = writeAlgorithmPackage("my-algorithm", copy);
  symlinkSync(modules, join(written.directory, "node_modules"));
  const inherited = Object.entries(process.env);
  environment = Object.fromEntries(inherited.filter(([key]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|TEST$)/.test(key)));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe("an algorithm written within the Fovea repository", () => {
  it("is built as its neighbours are", () => {
    const neighbour = join(repository, "packages", "algo-grpo");
    const read = (directory: string, file: string) => JSON.parse(readFileSync(join(directory, file), "utf8"));
    expect(read(written.directory, "tsconfig.build.json")).toEqual(read(neighbour, "tsconfig.build.json"));
    const manifests = [written.directory, neighbour].map((directory) => read(directory, "package.json"));
    for (const field of ["exports", "files", "type", "engines", "license", "publishConfig"]) {
      expect(manifests[0][field], field).toEqual(manifests[1][field]);
    }
    expect(manifests[0].scripts.build).toBe(manifests[1].scripts.build);
  });

  it("passes the conformance suite there", async () => {
    const vitest = join(modules, "vitest", "vitest.mjs");
    const args = [vitest, "run", "--no-color", `packages/algo-${written.name}`];
    const { stdout } = await run(process.execPath, args, { cwd: copy, env: environment });
    expect(stdout).toMatch(/Test Files +2 passed/);
  }, 300_000);

  it("trains there by its short name", async () => {
    const trainer = join(modules, "@fovea-rl", "trainer", "src", "fovea.ts");
    const config = join(written.directory, "short-name.config.json");
    writeFileSync(
      config,
      JSON.stringify({
        algorithm: "my-algorithm",
        policy: "@fovea-rl/testkit/tabular-policy",
        task: "@fovea-rl/testkit/tabular-task",
        run: { name: "first" },
        sampling: { maximumTokens: 8 },
        training: { updates: 2, learningRate: { peak: 0.1 } },
        evaluation: { prompts: 16 },
      }),
    );
    const args = ["--conditions=@fovea-rl/source", trainer, "train", "--quiet", config];
    const { stdout } = await run(process.execPath, args, { cwd: copy, env: environment });
    expect(stdout).toContain("2 updates");
    const manifest = readFileSync(join(copy, "runs", "first", "manifest.json"), "utf8");
    expect(manifest).toContain("@fovea-rl/algo-my-algorithm");
  }, 300_000);
});
