import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type GradedLine, gradeFile, summariseGrades } from "./grade-file.ts";

const folder = mkdtempSync(join(tmpdir(), "fovea-grade-"));

async function graded(content: string): Promise<readonly GradedLine[]> {
  const path = join(folder, "responses.jsonl");
  writeFileSync(path, content);
  const lines: GradedLine[] = [];
  for await (const line of gradeFile(path)) lines.push(line);
  return lines;
}

describe("gradeFile", () => {
  it("grades each line and compares with the verdicts in the file", async () => {
    const lines = await graded(
      [
        { id: 1, reference: "1/2", response: "\\boxed{0.5}", expected: true },
        { gold: "7", pred: "it is 8", expected: 1 },
        { answer: "B", completion: "\\boxed{12}", options: ["10", "12"] },
      ]
        .map((line) => JSON.stringify(line))
        .join("\n\n"),
    );
    expect(lines.map(({ line, correct }) => [line, correct])).toEqual([
      [1, true],
      [3, false],
      [5, true],
    ]);
    expect(summariseGrades(lines)).toEqual({
      count: 3,
      correct: 2,
      labelled: { count: 2, agree: 1, falsePositives: 0, falseNegatives: 1 },
      methods: { boxed: 2, number: 1 },
    });
  });

  it.each([
    ["{", /line 1 is not JSON/],
    ["[1]", /line 1 is not a JSON object/],
    ['{"reference": "1"}', /line 1 has no response: it needs a text field named one of "response"/],
    ['{"reference": "1", "response": "1", "options": "A"}', /options must be a list of strings/],
  ])("refuses %j and says where", async (content, message) => {
    await expect(graded(content)).rejects.toThrow(message);
  });

  it("names a file that cannot be read", async () => {
    await expect(gradeFile(join(folder, "absent.jsonl")).next()).rejects.toThrow(/absent\.jsonl cannot be read/);
  });
});
