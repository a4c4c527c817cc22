import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildReport, inlineJson } from "./build-report.ts";

async function runWithRollouts(steps: number, perStep: number): Promise<string> {
  const run = join(await mkdtemp(join(tmpdir(), "fovea-report-")), "run");
  await mkdir(join(run, "rollouts"), { recursive: true });
  await writeFile(join(run, "config.json"), "{}");
  for (let step = 1; step <= steps; step++) {
    const lines = Array.from({ length: perStep }, (_, index) =>
      JSON.stringify({
        step,
        promptId: `p${index}`,
        sampleIndex: 0,
        tokens: [1],
        tokenTexts: ["a"],
        text: "x".repeat(500),
      }),
    );
    await writeFile(join(run, "rollouts", `step-${step}.jsonl`), `${lines.join("\n")}\n`);
  }
  return run;
}

/** The data inside a report. */
function dataOf(html: string) {
  return JSON.parse(html.match(/id="report-data">(.*?)<\/script>/s)![1]!);
}

describe("inlineJson", () => {
  it("gives back the same value and can end no element", () => {
    const hostile = { text: "</script><!--<script>\u2028\u2029&" };
    const json = inlineJson(hostile);
    expect(json).not.toMatch(/[<>\u2028\u2029]/);
    expect(JSON.parse(json)).toEqual(hostile);
  });
});

describe("buildReport", () => {
  it("holds all rollouts that fit", async () => {
    const { rollouts } = dataOf(await buildReport(await runWithRollouts(3, 2)));
    expect(rollouts.run.recorded).toBe(6);
    expect(rollouts.run.entries).toHaveLength(6);
  });

  it("spreads those that fit over the steps, the last and the first foremost, in their order", async () => {
    const html = await buildReport(await runWithRollouts(9, 10), { rolloutBytes: 9000 });
    const { recorded, entries } = dataOf(html).rollouts.run;
    expect(recorded).toBe(90);
    const steps = entries.map(({ row }: { row: { step: number } }) => row.step);
    expect(steps).toEqual(steps.toSorted((a: number, b: number) => a - b));
    expect(steps).toContain(1);
    expect(steps).toContain(9);
    expect(new Set(steps).size).toBe(steps.length);
    expect(steps.length).toBeGreaterThan(3);
    expect(steps.length).toBeLessThan(9);
  });

  it("refuses a folder without runs", async () => {
    await expect(buildReport(await mkdtemp(join(tmpdir(), "fovea-empty-")))).rejects.toThrow(/no run directory/);
  });

  it("of a comparison calls its runs what the comparison calls them, and leads to them", async () => {
    const comparison = await mkdtemp(join(tmpdir(), "fovea-comparison-"));
    const runs = ["vppo k=0.4", "vppo k=0.2"].map((label) => {
      const directory = `${label.replaceAll(/[ =]/g, "-")}-seed-1`;
      return { label, algorithm: "vppo", seed: 1, directory, state: "finished", after: { accuracy: 0.5 } };
    });
    for (const { directory } of runs) {
      await mkdir(join(comparison, directory));
      await writeFile(join(comparison, directory, "config.json"), "{}");
    }
    await writeFile(join(comparison, "comparison.json"), JSON.stringify({ runs, summary: [] }));
    const { overview } = dataOf(await buildReport(comparison));
    const named = ({ id, label }: { id: string; label: string }) => [id, label];
    expect(overview.runs.map(named).sort()).toEqual([
      ["vppo-k-0.2-seed-1", "vppo k=0.2"],
      ["vppo-k-0.4-seed-1", "vppo k=0.4"],
    ]);
    expect(overview.comparisons[0].runs.map(named).sort()).toEqual(overview.runs.map(named).sort());
  });
});
