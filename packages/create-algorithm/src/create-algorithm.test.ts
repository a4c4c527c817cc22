import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const command = fileURLToPath(new URL("./create-algorithm.ts", import.meta.url));
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "create-algorithm-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function createAlgorithm(...args: readonly string[]) {
  return spawnSync(process.execPath, [command, ...args], { cwd: directory, encoding: "utf8" });
}

describe("npm create @fovea-rl/algorithm", () => {
  it("says what to do next", () => {
    const { status, stdout } = createAlgorithm("my-algorithm");
    expect(status).toBe(0);
    expect(stdout).toContain("my-algorithm is in my-algorithm.");
    for (const step of ["cd my-algorithm", "npm install", "npm run build", "npm test", "npm run train"]) {
      expect(stdout).toContain(`\n  ${step}`);
    }
  });

  it.each([
    [["My-Algorithm"], 'error: "My-Algorithm" cannot be the name of a package'],
    [[], "error: how is the algorithm called?"],
    [["one", "two"], 'error: one name is enough; what is "two"?'],
    [["my-algorithm", "--fast"], "error: Unknown option '--fast'"],
  ])("refuses %j in one sentence", (args, message) => {
    const { status, stderr } = createAlgorithm(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
    expect(readdirSync(directory)).toEqual([]);
  });

  it("helps", () => {
    expect(createAlgorithm("--help").stdout).toContain("Usage: npm create @fovea-rl/algorithm <name>");
    expect(createAlgorithm("--version").stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
