import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

/**
 * An example that a README shows is the file that runs, and prints what the README says it prints. The README holds the
 * file's text in a `ts` block and its output in a `text` block.
 *
 * @param packageRoot URL of the folder that holds README.md, e.g. `new URL("..", import.meta.url)`.
 * @param example path of the file from there.
 */
export function describeExample(packageRoot: URL, example: string): void {
  describe(`the example ${example}`, () => {
    it("stands in the README as it is, with what it prints", async () => {
      const file = new URL(example, packageRoot);
      const readme = await readFile(new URL("README.md", packageRoot), "utf8");
      expect(readme).toContain(`\`\`\`ts\n${await readFile(file, "utf8")}\`\`\``);
      const { stdout } = await promisify(execFile)(process.execPath, [
        "--conditions=@fovea-rl/source",
        fileURLToPath(file),
      ]);
      expect(readme).toContain(`\`\`\`text\n${stdout}\`\`\``);
    });
  });
}
