import { appendFileSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openJsonLines, readJsonLines, truncateJsonLines } from "./json-lines-file.ts";

let path: string;

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "lines-")), "metrics.jsonl");
  const file = openJsonLines(path);
  for (const step of [0, 1, 2, 2, 3]) file.append({ step });
  file.flush();
  file.close();
});

describe("a file of JSON lines", () => {
  it("is read without the line that a killed process left unfinished", () => {
    appendFileSync(path, '{"step":4,"met');
    expect(readJsonLines<{ step: number }>(path).map(({ step }) => step)).toEqual([0, 1, 2, 2, 3]);
  });

  it("is cut behind a step, unfinished line included, and keeps what was before byte for byte", async () => {
    appendFileSync(path, '{"step":4,"met');
    expect(await truncateJsonLines(path, 2)).toBe(2);
    expect(readFileSync(path, "utf8")).toBe('{"step":0}\n{"step":1}\n{"step":2}\n{"step":2}\n');
    expect(await truncateJsonLines(path, -1)).toBe(-1);
    expect(readFileSync(path, "utf8")).toBe("");
  });

  it("that is absent has no lines", async () => {
    expect(readJsonLines(`${path}.none`)).toEqual([]);
    expect(await truncateJsonLines(`${path}.none`, 3)).toBe(-1);
  });
});
