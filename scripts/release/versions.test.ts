import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { publishablePackages, readManifest, repository } from "./publishable-packages.ts";

type Bump = "major" | "minor" | "patch";

/** The bumps that changesets ask for: pairs of a package and how much. */
const bumps = globSync(".changeset/*.md", { cwd: repository }).flatMap((path) => {
  const header = readFileSync(join(repository, path), "utf8").split("---")[1] ?? "";
  return [...header.matchAll(/^"(?<name>[^"]+)": (?<bump>major|minor|patch)$/gm)].map(({ groups }) => ({
    name: groups!["name"]!,
    bump: groups!["bump"] as Bump,
  }));
});
const packages = publishablePackages();

describe.each(packages.map(({ manifest, directory }) => [manifest.name, manifest.version, directory] as const))(
  "the version of %s",
  (name, version, directory) => {
    // Versions in the repository are those last published: 0.0.0 before the first release.
    it.skipIf(version !== "0.0.0")("will be 0.1.0 at its first release", () => {
      expect(bumps).toContainEqual({ name, bump: "minor" });
      expect(bumps).not.toContainEqual({ name, bump: "major" });
    });

    it.skipIf(version === "0.0.0")("was raised by changesets, which wrote the changelog, and not by hand", () => {
      const changelog = join(directory, "CHANGELOG.md");
      expect(existsSync(changelog)).toBe(true);
      expect(readFileSync(changelog, "utf8")).toContain(`\n## ${version}\n`);
    });
  },
);

describe("changesets", () => {
  it("name packages that exist", () => {
    const names = packages.map(({ manifest }) => manifest.name);
    for (const { name } of bumps) expect(names).toContain(name);
  });

  it("release the template of new algorithms with the packages that it names", () => {
    // It writes their versions into what it creates, as development dependencies of its own, which changesets do not follow.
    const creator = "@fovea-rl/create-algorithm";
    const { devDependencies = {} } = readManifest(join(repository, "packages", "create-algorithm"));
    const named = bumps.filter(({ name, bump }) => name in devDependencies && bump !== "patch");
    if (named.length > 0) expect(bumps.map(({ name }) => name)).toContain(creator);
  });
});
