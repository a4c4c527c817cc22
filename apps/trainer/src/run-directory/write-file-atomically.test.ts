import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFileAtomically } from "./write-file-atomically.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "fovea-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe("writing a file atomically", () => {
  it("lets writes of one path follow one another: the last call stands, and nothing is left beside it", async () => {
    const path = join(directory, "comparison.json");
    await Promise.all(Array.from({ length: 30 }, (_, index) => writeFileAtomically(path, `version ${index}`)));
    expect(await readFile(path, "utf8")).toBe("version 29");
    expect(await readdir(directory)).toEqual(["comparison.json"]);
  });

  it("goes on after a write that failed", async () => {
    const path = join(directory, "missing", "file.txt");
    const failing = writeFileAtomically(path, "first");
    const second = writeFileAtomically(path, "second");
    await expect(failing).rejects.toThrow(path);
    await expect(second).rejects.toThrow(path);
    await writeFileAtomically(join(directory, "file.txt"), "third");
    expect(await readFile(join(directory, "file.txt"), "utf8")).toBe("third");
  });
});
