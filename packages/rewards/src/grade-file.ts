import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { FoveaError } from "@fovea-rl/core/fovea-error";
import { z } from "zod";
import { type Grade, type GradeOptions, gradeAnswer } from "./grade-answer.ts";
import { type PresetName, presets } from "./presets.ts";

/** The names that a field goes by in files people have. */
const fields = {
  reference: ["reference", "answer", "gold", "referenceAnswer", "ground_truth", "solution"],
  response: ["response", "pred", "prediction", "completion", "text", "output"],
  expected: ["expected", "official", "correct", "label", "result"],
} as const;

const optionsField = z.array(z.string()).optional();

/** One line of a graded file. */
export interface GradedLine extends Grade {
  /** 1-based. */
  readonly line: number;
  readonly id?: string;
  readonly reference: string;
  /** The verdict that the file itself holds, where it does. */
  readonly expected?: boolean;
}

export interface GradeSummary {
  readonly count: number;
  readonly correct: number;
  /** Of the lines that hold a verdict: how many there are, and in how many ours is the same, too kind or too strict. */
  readonly labelled: {
    readonly count: number;
    readonly agree: number;
    readonly falsePositives: number;
    readonly falseNegatives: number;
  };
  /** How many answers each place gave; `none` for responses without one. */
  readonly methods: Readonly<Record<string, number>>;
}

export interface GradeFileOptions extends GradeOptions {
  readonly preset?: PresetName;
}

/**
 * Grades a file of JSON lines, each with a reference (`reference`, `answer` or `gold`), a response (`response`, `pred`,
 * `prediction` or `completion`) and for multiple choice `options`. A verdict in it (`expected`, `official`, ...) is compared with ours.
 *
 * @throws FoveaError naming file, line and field where one is unreadable.
 */
export async function* gradeFile(
  path: string,
  { preset = "default", ...given }: GradeFileOptions = {},
): AsyncGenerator<GradedLine> {
  const { extraction, equivalence } = presets[preset];
  const options: GradeOptions = {
    ...given,
    extraction: { ...extraction, ...given.extraction },
    equivalence: { ...equivalence, ...given.equivalence },
  };
  let line = 0;
  for await (const text of linesOf(path)) {
    line++;
    if (text.trim() !== "") yield gradeLine(text, { path, line }, options);
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const stream = createReadStream(path, "utf8");
  try {
    yield* createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    throw error instanceof FoveaError ? error : new FoveaError(`${path} cannot be read: ${(error as Error).message}`);
  } finally {
    stream.destroy();
  }
}

function gradeLine(text: string, { path, line }: { path: string; line: number }, options: GradeOptions): GradedLine {
  const at = `${path}, line ${line}`;
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    throw new FoveaError(`${at} is not JSON: ${(error as Error).message}`);
  }
  if (typeof record !== "object" || record === null || Array.isArray(record))
    throw new FoveaError(`${at} is not a JSON object`);
  const values = record as Readonly<Record<string, unknown>>;
  const reference = textField(values, "reference", at);
  const response = textField(values, "response", at);
  const choices = optionsField.safeParse(values["options"]);
  if (!choices.success) throw new FoveaError(`${at}: the field options must be a list of strings`);
  const expected = fields.expected
    .map((name) => values[name])
    .find((value) => typeof value === "boolean" || value === 0 || value === 1);
  const id = values["id"];
  return {
    line,
    ...(typeof id === "string" || typeof id === "number" ? { id: String(id) } : {}),
    reference,
    ...gradeAnswer(reference, response, { ...options, ...(choices.data ? { options: choices.data } : {}) }),
    ...(expected === undefined ? {} : { expected: Boolean(expected) }),
  };
}

function textField(values: Readonly<Record<string, unknown>>, field: "reference" | "response", at: string): string {
  const name = fields[field].find((candidate) => values[candidate] !== undefined);
  const value = name === undefined ? undefined : values[name];
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return value;
  const names = fields[field].map((candidate) => `"${candidate}"`).join(", ");
  throw new FoveaError(`${at} has no ${field}: it needs a text field named one of ${names}`);
}

/** What a file's verdicts come to. */
export function summariseGrades(lines: readonly GradedLine[]): GradeSummary {
  const labelled = lines.filter(({ expected }) => expected !== undefined);
  const methods: Record<string, number> = {};
  for (const { method } of lines) methods[method ?? "none"] = (methods[method ?? "none"] ?? 0) + 1;
  return {
    count: lines.length,
    correct: lines.filter(({ correct }) => correct).length,
    labelled: {
      count: labelled.length,
      agree: labelled.filter(({ correct, expected }) => correct === expected).length,
      falsePositives: labelled.filter(({ correct, expected }) => correct && !expected).length,
      falseNegatives: labelled.filter(({ correct, expected }) => !correct && expected).length,
    },
    methods,
  };
}
