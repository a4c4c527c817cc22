import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CreateAlgorithmError, writeAlgorithmPackage } from "./index.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "create-algorithm-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function allFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

function readManifest(folder: string) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

describe("a package of its own", () => {
  it("lies in a folder of the algorithm's name and has everything a package needs", () => {
    const written = writeAlgorithmPackage("@me/my-algorithm", directory);
    expect(written).toEqual({
      name: "my-algorithm",
      packageName: "@me/my-algorithm",
      directory: join(directory, "my-algorithm"),
      workspace: undefined,
    });
    expect(allFiles(written.directory)).toEqual([
      ".gitignore",
      "LICENSE",
      "README.md",
      "fovea.config.ts",
      "package.json",
      "src/algorithm.test.ts",
      "src/algorithm.ts",
      "src/conformance.test.ts",
      "src/index.ts",
      "tsconfig.build.json",
      "tsconfig.json",
    ]);
    expect(readManifest(written.directory).name).toBe("@me/my-algorithm");
  });

  it("leaves no placeholder behind", () => {
    const { directory: written } = writeAlgorithmPackage("my-algorithm", directory);
    for (const file of allFiles(written)) expect(readFileSync(join(written, file), "utf8"), file).not.toContain("{{");
  });

  it("may be written into an empty folder, and leaves nothing beside it", () => {
    mkdirSync(join(directory, "my-algorithm"));
    writeAlgorithmPackage("my-algorithm", directory);
    expect(readdirSync(directory)).toEqual(["my-algorithm"]);
  });

  it("depends at run time on what its sources import, and on no engine", () => {
    const { dependencies } = readManifest(writeAlgorithmPackage("my-algorithm", directory).directory);
    expect(Object.keys(dependencies)).toEqual(["@fovea-rl/core", "@tensorflow/tfjs-core", "inversify", "zod"]);
  });
});

describe("within the Fovea repository", () => {
  it("becomes packages/algo-<name>, from whatever folder, with the workspace's own versions", () => {
    mkdirSync(join(directory, "packages", "core"), { recursive: true });
    writeFileSync(join(directory, "pnpm-workspace.yaml"), "packages: [packages/*]\n");
    writeFileSync(join(directory, "packages", "core", "package.json"), '{ "name": "@fovea-rl/core" }');
    const written = writeAlgorithmPackage("my-algorithm", join(directory, "packages", "core"));
    expect(written.directory).toBe(join(directory, "packages", "algo-my-algorithm"));
    expect(written.packageName).toBe("@fovea-rl/algo-my-algorithm");
    expect(written.workspace).toBe(directory);
    const { dependencies, exports, publishConfig, version } = readManifest(written.directory);
    expect(version).toBe("0.0.0");
    expect(dependencies).toMatchObject({ "@fovea-rl/core": "workspace:^", zod: "catalog:" });
    expect(exports["."]).toHaveProperty(["@fovea-rl/source"], "./src/index.ts");
    expect(publishConfig.exports["."]).not.toHaveProperty(["@fovea-rl/source"]);
  });

  it("is not mistaken for someone else's workspace", () => {
    writeFileSync(join(directory, "pnpm-workspace.yaml"), "packages: [packages/*]\n");
    expect(writeAlgorithmPackage("my-algorithm", directory).workspace).toBeUndefined();
  });
});

describe("nothing is written", () => {
  it.each(["My-Algorithm", "../elsewhere", "my algorithm", "-x", "x-", "1x", "@me/", "", "a/b", "x".repeat(215)])(
    "for the bad name %j",
    (name) => {
      expect(() => writeAlgorithmPackage(name, directory)).toThrow(CreateAlgorithmError);
      expect(() => writeAlgorithmPackage(name, directory)).toThrow("cannot be the name of a package");
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  it("over what is there already", () => {
    mkdirSync(join(directory, "my-algorithm"));
    writeFileSync(join(directory, "my-algorithm", "precious.txt"), "precious");
    expect(() => writeAlgorithmPackage("my-algorithm", directory)).toThrow("is not empty");
    expect(allFiles(directory)).toEqual(["my-algorithm/precious.txt"]);
    writeFileSync(join(directory, "taken"), "");
    expect(() => writeAlgorithmPackage("taken", directory)).toThrow("is a file");
  });
});
