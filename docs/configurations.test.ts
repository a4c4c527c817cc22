import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfiguration } from "@fovea-rl/trainer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const pages = ["index.md", "algorithms.md", "write-an-algorithm.md"];

/** Whole configurations that the pages show. */
const shown = pages.flatMap((page) => {
  const blocks = readFileSync(new URL(`./${page}`, import.meta.url), "utf8").matchAll(
    /^```ts[^\n]*\n(?<text>.*?)^```$/gms,
  );
  return [...blocks].flatMap(({ groups }) =>
    groups!["text"]!.includes("export default defineConfig(") ? [[page, groups!["text"]!] as const] : [],
  );
});

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "shown-configurations-"));
  symlinkSync(fileURLToPath(new URL("./node_modules", import.meta.url)), join(directory, "node_modules"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("the pages", () => {
  it("show a configuration each", () => {
    expect(new Set(shown.map(([page]) => page))).toEqual(new Set(pages));
  });

  it.each(shown)("show in %s a configuration that the trainer reads", async (page, text) => {
    // A name of its own, since a module is read once.
    const file = join(directory, `${page}-${shown.findIndex(([, other]) => other === text)}.config.ts`);
    writeFileSync(file, text);
    const { configuration } = await loadConfiguration(file);
    expect(configuration.task.use).toMatch(/digits$/);
  });
});
