import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PackedPackage, packPackages } from "./packed-packages.ts";
import { startTarballRegistry, type TarballRegistry } from "./tarball-registry.ts";
import { isRegistryReachable, type UserShell, userShell } from "./user-shell.ts";

const reachable = await isRegistryReachable();
if (!reachable) console.warn("SKIPPED: no algorithm was installed by itself, because the npm registry does not answer");
const packages = await packPackages();
// An install takes longest of all that is tested here. VPPO's brings every package that any algorithm needs, so it stands for the
// others in everyday tests; `pnpm release:dry` installs each.
const chosen = process.env["FOVEA_RELEASE"] === "dry" ? "@fovea-rl/algo-" : "@fovea-rl/algo-vppo";
const algorithms = packages.filter(({ published }) => published.name.startsWith(chosen));

/** The fenced block of a language that comes last in a Markdown text. */
function lastBlock(markdown: string, language: string): string {
  const blocks = [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))];
  const text = blocks.at(-1)?.[1];
  if (text === undefined) throw new Error(`there is no ${language} block`);
  return text;
}

let registry: TarballRegistry;
let shell: UserShell;
beforeAll(async () => {
  registry = await startTarballRegistry(packages);
  shell = userShell(registry.url);
});
afterAll(() => registry.close());

/** An empty folder with one algorithm installed from its tarball. */
async function installAlone({ tarball }: PackedPackage): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "fovea-alone-"));
  writeFileSync(join(directory, "package.json"), '{ "private": true, "type": "module" }');
  await shell.run(directory, "npm", ["install", tarball]);
  return directory;
}

describe.skipIf(!reachable).each(algorithms.map((one) => [one.published.name, one] as const))(
  "%s, installed by itself",
  (_, one) => {
    let directory: string;
    beforeAll(async () => {
      directory = await installAlone(one);
    }, 300_000);
    afterAll(() => rmSync(directory, { recursive: true, force: true }));

    it("brings neither an engine, nor the trainer, nor a native module", () => {
      const modules = join(directory, "node_modules");
      const ours = readdirSync(join(modules, "@fovea-rl"));
      expect(ours.filter((name) => !/^(core|perception|algo-[a-z-]+)$/.test(name))).toEqual([]);
      const native = readdirSync(modules, { recursive: true }).filter((path) =>
        /\.node$|binding\.gyp$/.test(String(path)),
      );
      expect(native).toEqual([]);
    });

    it("runs its readme's example, which prints what the readme says", async () => {
      const readme = readFileSync(join(one.unpacked, "README.md"), "utf8");
      writeFileSync(join(directory, "example.ts"), lastBlock(readme, "ts"));
      expect(await shell.run(directory, process.execPath, ["example.ts"])).toBe(lastBlock(readme, "text"));
    });
  },
);
