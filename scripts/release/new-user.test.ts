import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageFiles } from "../../docs/page-files.ts";
import { type PackedPackage, packPackages } from "./packed-packages.ts";
import { repository } from "./publishable-packages.ts";
import { startTarballRegistry, type TarballRegistry } from "./tarball-registry.ts";
import { isRegistryReachable, type UserShell, userShell } from "./user-shell.ts";

const reachable = await isRegistryReachable();
if (!reachable) console.warn("SKIPPED: nobody tried Fovea as a new user, because the npm registry does not answer");

/** Two updates of a few prompts: enough to sample, grade, learn, evaluate, save and report. */
const SHORT_RUN = [
  "training.updates=2",
  "training.promptsPerUpdate=2",
  "training.rolloutsPerPrompt=4",
  "sampling.maximumTokens=16",
  "evaluation.prompts=8",
].flatMap((override) => ["--set", override]);

/** A source file that imports every entry point of every package and uses its types. */
function importEverything(packages: readonly PackedPackage[]): string {
  const entries = packages.flatMap(({ published: { name, exports = {} } }) =>
    Object.keys(exports)
      .filter((entry) => entry !== "./package.json")
      .map((entry) => name + entry.slice(1)),
  );
  const imports = entries.map((entry, index) => `import * as entry${index} from "${entry}";`);
  // A module whose declarations resolve to nothing would be `any`, and then this would not be an error.
  const uses = entries.map(
    (_, index) => `// @ts-expect-error: a module is no number\nexport const use${index}: number = entry${index};`,
  );
  return [...imports, ...uses, ""].join("\n");
}

describe.skipIf(!reachable)("a new user, in an empty folder", () => {
  let packages: readonly PackedPackage[];
  let registry: TarballRegistry;
  let shell: UserShell;
  let home: string;
  let project: string;
  beforeAll(async () => {
    packages = await packPackages();
    registry = await startTarballRegistry(packages);
    shell = userShell(registry.url);
    home = mkdtempSync(join(tmpdir(), "fovea-new-user-"));
    project = join(home, "reinforce-plus-plus");
    // npm keeps what `npm create` fetched by name; a cache of its own keeps an earlier copy of this version out.
    const cache = join(home, ".npm-create-cache");
    await shell.run(home, "npm", ["create", "--yes", "--cache", cache, "@fovea-rl/algorithm", "reinforce-plus-plus"]);
    rmSync(cache, { recursive: true });
    await shell.run(project, "npm", ["install"]);
  }, 300_000);
  afterAll(() => {
    registry?.close();
    if (home) rmSync(home, { recursive: true, force: true });
  });

  async function buildAndTest(): Promise<void> {
    await shell.run(project, "npm", ["run", "build"]);
    await shell.run(project, "npm", ["run", "typecheck"]);
    expect(readdirSync(join(project, "dist")).toSorted()).toEqual(
      ["algorithm", "index"].flatMap((name) => [`${name}.d.ts`, `${name}.js`, `${name}.js.map`]),
    );
    expect(await shell.run(project, "npm", ["test"])).toMatch(/Test Files .*2 passed/);
  }

  /** @returns the metrics of its updates. */
  async function trainShortly(run: string): Promise<readonly Readonly<Record<string, number>>[]> {
    const output = await shell.run(project, "npm", ["run", "train", "--", "--set", `run.name=${run}`, ...SHORT_RUN]);
    expect(output).toContain("2 updates");
    const directory = join(project, "runs", run);
    expect(readdirSync(directory)).toEqual(expect.arrayContaining(["manifest.json", "report.html", "checkpoints"]));
    const lines = readFileSync(join(directory, "metrics.jsonl"), "utf8").trim().split("\n");
    return lines.map((line) => JSON.parse(line)).flatMap(({ kind, metrics }) => (kind === "update" ? [metrics] : []));
  }

  it("gets a package that builds, type-checks and passes the conformance suite", buildAndTest, 300_000);

  it("trains with it, once the configuration names it", async () => {
    expect(readFileSync(join(project, "fovea.config.ts"), "utf8")).toContain('algorithm: "reinforce-plus-plus"');
    expect(await trainShortly("first")).toHaveLength(2);
  }, 300_000);

  it("writes an algorithm as the documentation tells, tests it and trains with it", async () => {
    const page = pathToFileURL(join(repository, "docs", "write-an-algorithm.md"));
    for (const [path, text] of Object.entries(pageFiles(page))) writeFileSync(join(project, path), text);
    await buildAndTest();
    const updates = await trainShortly("second");
    expect(updates.filter((metrics) => "kl/reference" in metrics)).toHaveLength(2);
  }, 300_000);

  it("finds the types of every package, whether Node or a bundler resolves them", async () => {
    const names = packages.map(({ published }) => published.name);
    await shell.run(project, "npm", ["install", "--no-save", ...names]);
    writeFileSync(join(project, "consumer.ts"), importEverything(packages));
    for (const [module, moduleResolution] of [
      ["nodenext", "nodenext"],
      ["esnext", "bundler"],
    ]) {
      const directory = join(project, `types-${moduleResolution}`);
      mkdirSync(directory);
      const language = { target: "es2023", lib: ["es2023"], types: ["node"], module, moduleResolution };
      const checks = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true };
      const configuration = { compilerOptions: { ...language, ...checks }, files: ["../consumer.ts"] };
      writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(configuration));
      const check = shell.run(project, "npx", ["tsc", "--project", directory]);
      const output = await check.catch((error: Error) => error.message);
      const errors = output.split("\n").filter((line) => /error TS\d+/.test(line));
      // Other people's declarations need not check (those of TensorFlow.js do not, whoever imports them); ours must.
      expect(errors.filter((line) => !/^node_modules\/(?!@fovea-rl\/)/.test(line))).toEqual([]);
    }
  }, 300_000);
});
