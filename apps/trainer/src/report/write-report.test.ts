import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tabularConfiguration, temporaryDirectory } from "../../fixtures/tabular-configuration.ts";
import { train } from "../training/train.ts";
import { writeReport } from "./write-report.ts";

describe("the report", () => {
  it("is one file without references to others, with curves, samples and escaped text", async () => {
    const { directory } = await train(tabularConfiguration(await temporaryDirectory()));
    const rollouts = join(directory, "rollouts", "step-6.jsonl");
    const hostile = (await readFile(rollouts, "utf8")).replaceAll("brightest?", "brightest?<script>alert(1)</script>");
    await writeFile(rollouts, hostile);
    const html = await readFile(await writeReport(directory), "utf8");
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html).not.toMatch(/<script/);
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
    expect(html.match(/<polyline/g)!.length).toBeGreaterThan(20);
    expect(html).toContain('src="data:image/png;base64,');
    expect(html).toContain('aria-label="reward/mean:');
    expect(html).not.toContain("NaN");
  });

  it("of what is no run is refused", async () => {
    await expect(writeReport(await temporaryDirectory())).rejects.toThrow(/no run directory/);
  });
});
