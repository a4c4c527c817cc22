import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Analysis, checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { filterProblems } from "@arethetypeswrong/core/problems";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { describe, expect, it } from "vitest";
import { type PackedPackage, packPackages } from "./packed-packages.ts";
import { type Manifest, publishablePackages, repository } from "./publishable-packages.ts";

const packages = await packPackages();
const versions = new Map(publishablePackages().map(({ manifest }) => [manifest.name, manifest.version]));

/** Data and templates that a package declares beside what every package has. */
function mayHold({ manifest }: PackedPackage, file: string): boolean {
  const always = ["package.json", "README.md", "LICENSE"];
  return (
    always.includes(file) || (manifest.files ?? []).some((entry) => file === entry || file.startsWith(`${entry}/`))
  );
}

function dependenciesOf(manifest: Manifest): readonly (readonly [name: string, range: string])[] {
  const { dependencies, peerDependencies, optionalDependencies } = manifest;
  return [dependencies, peerDependencies, optionalDependencies].flatMap((section) => Object.entries(section ?? {}));
}

/** Every file that an `exports` map leads to. */
function targets(exports: unknown): readonly string[] {
  if (typeof exports === "string") return [exports];
  return typeof exports === "object" && exports !== null ? Object.values(exports).flatMap(targets) : [];
}

describe.each(packages.map((one) => [one.published.name, one] as const))("the tarball of %s", (name, one) => {
  const { published, files, unpacked } = one;

  it("has a readme, the licence, and nothing that its manifest does not declare", () => {
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
    expect(readFileSync(join(unpacked, "LICENSE"), "utf8")).toBe(readFileSync(join(repository, "LICENSE"), "utf8"));
    expect(readFileSync(join(unpacked, "README.md"), "utf8")).toContain(
      `# ${name === "@fovea-rl/create-algorithm" ? "npm create" : name}`,
    );
    expect(files.filter((file) => !mayHold(one, file))).toEqual([]);
  });

  it("has neither tests nor sources, except in what it declares as a template or examples", () => {
    const own = files.filter((file) => !/^(template|examples)\//.test(file));
    expect(own.filter((file) => /(^|\/)src\/|\.test\.|\.spec\./.test(file))).toEqual([]);
    expect(own.filter((file) => /\.[mc]?tsx?$/.test(file) && !file.endsWith(".d.ts"))).toEqual([]);
  });

  it("names versions, where the workspace names itself", () => {
    for (const [dependency, range] of dependenciesOf(published)) {
      expect(range, dependency).not.toMatch(/^(workspace|catalog|link|file):/);
      if (versions.has(dependency)) expect(range, dependency).toBe(`^${versions.get(dependency)}`);
    }
  });

  it("leads to its built files, never to sources", () => {
    expect(JSON.stringify(published.exports)).not.toContain("@fovea-rl/source");
    const reached = [...targets(published.exports), ...Object.values(published.bin ?? {})];
    for (const target of reached) expect(files, target).toContain(target.replace("./", ""));
    for (const command of Object.values(published.bin ?? {})) {
      expect(readFileSync(join(unpacked, command), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });

  it("does nothing when it is installed", () => {
    for (const script of ["preinstall", "install", "postinstall", "prepare"]) {
      expect(published.scripts ?? {}).not.toHaveProperty(script);
    }
  });

  it("can be published with provenance", () => {
    expect(published.publishConfig).toMatchObject({ access: "public", provenance: true });
    expect(published).toMatchObject({ license: "Apache-2.0", type: "module", engines: { node: ">=20" } });
  });

  it("is clean for publint", async () => {
    const { messages } = await publint({ pkgDir: unpacked, pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, published as never))).toEqual([]);
  });

  // A package without types has nothing to resolve.
  it.skipIf(published.exports === undefined)("has types that resolve under NodeNext and bundlers", async () => {
    const analysis = await checkPackage(createPackageFromTarballData(readFileSync(one.tarball)));
    if (analysis.types === false) throw new Error("there are no types");
    // Packages are ES modules alone, so how CommonJS and Node 10 find them does not matter.
    const problems = (["node16-esm", "bundler"] as const).flatMap((resolutionKind) =>
      filterProblems(analysis as Analysis, { resolutionKind }),
    );
    expect(problems).toEqual([]);
  });
});
