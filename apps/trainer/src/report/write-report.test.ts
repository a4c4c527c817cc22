import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tabularConfiguration, temporaryDirectory } from "../../fixtures/tabular-configuration.ts";
import { train } from "../training/train.ts";
import { writeReport } from "./write-report.ts";

describe("the report", () => {
  it("is one file without references to others, in which nothing that a model wrote is markup", async () => {
    const { directory } = await train(tabularConfiguration(await temporaryDirectory()));
    const rollouts = join(directory, "rollouts", "step-6.jsonl");
    const hostile = (await readFile(rollouts, "utf8")).replaceAll(
      "brightest?",
      "brightest?</script><script>alert(1)</script>",
    );
    await writeFile(rollouts, hostile);
    const html = await readFile(await writeReport(directory), "utf8");
    expect(html).toContain("brightest?\\u003c/script\\u003e");
    expect(html).not.toContain("<script>alert");
    expect(html).not.toMatch(/<[^>]+ (src|href)=/);
    expect(html).toContain("data:image/png;base64,");
    expect(html).toMatch(/http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-/);
    expect(Buffer.byteLength(html)).toBeLessThan(5_000_000);
  });

  it("of what is no run is refused", async () => {
    await expect(writeReport(await temporaryDirectory())).rejects.toThrow(/no run directory/);
  });
});
