import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PackedPackage, packPackages } from "./packed-packages.ts";
import { startTarballRegistry, type TarballRegistry } from "./tarball-registry.ts";
import { isRegistryReachable, type UserShell, userShell } from "./user-shell.ts";

const reachable = await isRegistryReachable();
if (!reachable) console.warn("SKIPPED: nobody tried Fovea as a new user, because the npm registry does not answer");

/** Two updates of a few prompts: enough to sample, grade, learn, evaluate, save and report. */
const SHORT_RUN = [
  "run.name=first",
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
    project = join(home, "my-algorithm");
    // npm keeps what `npm create` fetched by name; a cache of its own keeps an earlier copy of this version out.
    const cache = join(home, ".npm-create-cache");
    await shell.run(home, "npm", ["create", "--yes", "--cache", cache, "@fovea-rl/algorithm", "my-algorithm"]);
    rmSync(cache, { recursive: true });
    await shell.run(project, "npm", ["install"]);
  }, 300_000);
  afterAll(() => {
    registry?.close();
    if (home) rmSync(home, { recursive: true, force: true });
  });

  it("gets a package that builds and type-checks", async () => {
    await shell.run(project, "npm", ["run", "build"]);
    await shell.run(project, "npm", ["run", "typecheck"]);
    expect(readdirSync(join(project, "dist")).toSorted()).toEqual(
      ["algorithm", "index"].flatMap((name) => [`${name}.d.ts`, `${name}.js`, `${name}.js.map`]),
    );
  });

  it("sees it pass the conformance suite", async () => {
    expect(await shell.run(project, "npm", ["test"])).toMatch(/Test Files .*2 passed/);
  }, 120_000);

  it("trains with it, once the configuration names it", async () => {
    expect(readFileSync(join(project, "fovea.config.ts"), "utf8")).toContain('algorithm: "my-algorithm"');
    const output = await shell.run(project, "npm", ["run", "train", "--", ...SHORT_RUN]);
    expect(output).toContain("2 updates");
    const run = join(project, "runs", "first");
    const steps = readFileSync(join(run, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(steps.filter((line) => "loss/policy" in (line.metrics ?? {}))).toHaveLength(2);
    expect(readdirSync(run)).toEqual(expect.arrayContaining(["manifest.json", "report.html", "checkpoints"]));
  }, 300_000);

  it.each(["NodeNext", "Bundler"])(
    "finds the types of every package under %s resolution",
    async (moduleResolution) => {
      const others = packages
        .map(({ published }) => published.name)
        .filter((name) => name !== "@fovea-rl/create-algorithm");
      await shell.run(project, "npm", ["install", "--no-save", ...others]);
      const consumer = join(project, `consumer-${moduleResolution}`);
      mkdirSync(consumer);
      writeFileSync(
        join(consumer, "consumer.ts"),
        importEverything(packages.filter(({ published }) => others.includes(published.name))),
      );
      const compilerOptions = {
        ...{
          target: "es2023",
          lib: ["es2023"],
          types: ["node"],
          strict: true,
          noEmit: true,
          exactOptionalPropertyTypes: true,
        },
        ...{ module: moduleResolution === "NodeNext" ? "nodenext" : "esnext", moduleResolution, skipLibCheck: false },
      };
      writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions }));
      // The declarations of TensorFlow.js do not check, whoever imports them; ours must.
      const output = await shell
        .run(project, "npx", ["tsc", "--project", consumer])
        .catch((error: Error) => error.message);
      const errors = output.split("\n").filter((line) => /error TS\d+/.test(line));
      expect(errors.filter((line) => !line.startsWith("node_modules/@tensorflow/"))).toEqual([]);
    },
    180_000,
  );
});
