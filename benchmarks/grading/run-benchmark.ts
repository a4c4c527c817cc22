// Grades the same pairs with @fovea-rl/rewards and with Math-Verify, one after the other on the same machine, and prints a
// table. Needs a Python with math-verify: MATH_VERIFY_PYTHON=/path/to/python npm run grading
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { gradeAnswer } from "@fovea-rl/rewards";

interface Pair {
  readonly reference: string;
  readonly response: string;
  readonly expected: boolean;
}

interface Timings {
  readonly milliseconds: readonly number[];
  readonly verdicts: readonly boolean[];
}

/** After one more that is not counted: a grader in a training run is warm. */
const rounds = 5;
const fixtures = new URL("../../packages/rewards/fixtures/", import.meta.url);
const rows = (name: string): readonly Readonly<Record<string, unknown>>[] =>
  readFileSync(new URL(name, fixtures), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const workloads: Readonly<Record<string, readonly Pair[]>> = {
  "Math-Verify's test cases": rows("math-verify-cases.jsonl").map((row) => ({
    reference: String(row["gold"]),
    response: String(row["pred"]),
    expected: (row["expected"] ?? row["result"]) === 1,
  })),
  "MATH-Vision free-form responses": rows("mathvision-responses.jsonl")
    .filter((row) => (row["options"] as readonly string[]).length === 0)
    .map((row) => ({
      // Math-Verify reads bare LaTeX only between dollars.
      reference: `$${String(row["answer"]).replaceAll("$", "")}$`,
      response: String(row["response"]),
      expected: row["official"] === true,
    })),
};

function ours(pairs: readonly Pair[]): Timings {
  for (const { reference, response } of pairs) gradeAnswer(reference, response);
  const milliseconds: number[] = [];
  const verdicts: boolean[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { reference, response } of pairs) {
      const start = performance.now();
      const { correct } = gradeAnswer(reference, response);
      milliseconds.push(performance.now() - start);
      if (round === 0) verdicts.push(correct);
    }
  }
  return { milliseconds, verdicts };
}

function theirs(pairs: readonly Pair[]): Timings {
  const folder = mkdtempSync(join(tmpdir(), "grading-"));
  try {
    const file = join(folder, "pairs.jsonl");
    writeFileSync(file, pairs.map(({ reference, response }) => JSON.stringify([reference, response])).join("\n"));
    const script = new URL("math_verify_timings.py", import.meta.url).pathname;
    const python = process.env["MATH_VERIFY_PYTHON"] ?? "python3";
    const run = spawnSync(python, [script, file, String(rounds)], { encoding: "utf8", maxBuffer: 2 ** 28 });
    if (run.status !== 0) throw new Error(`${python} ${script} failed: ${run.stderr.slice(-500)}`);
    return JSON.parse(run.stdout.trim().split("\n").at(-1)!) as Timings;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** Each pair's fastest round: what the verdict costs when no other program holds the processor. */
function undisturbed({ milliseconds, verdicts: { length } }: Timings): readonly number[] {
  return Array.from({ length }, (_value, pair) =>
    Math.min(...milliseconds.filter((_time, index) => index % length === pair)),
  );
}

function row(name: string, timings: Timings, pairs: readonly Pair[]): string {
  const { milliseconds, verdicts } = timings;
  const best = undisturbed(timings);
  const agreement = verdicts.filter((verdict, index) => verdict === pairs[index]!.expected).length / pairs.length;
  const cells = [
    name,
    (1000 / quantile(milliseconds, 0.5)).toFixed(0),
    quantile(milliseconds, 0.5).toFixed(3),
    quantile(milliseconds, 0.99).toFixed(2),
    quantile(milliseconds, 1).toFixed(1),
    quantile(best, 0.5).toFixed(3),
    quantile(best, 0.99).toFixed(2),
    quantile(best, 1).toFixed(1),
    `${(100 * agreement).toFixed(1)} %`,
  ];
  return `| ${cells.join(" | ")} |`;
}

const load = (): string => loadavg()[0]!.toFixed(1);
console.log(
  `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown processor"}, ${rounds} rounds after a warm-up, load at the start ${load()}\n`,
);
for (const [name, pairs] of Object.entries(workloads)) {
  console.log(`${name} (${pairs.length} pairs)\n`);
  console.log(
    "| grader | verdicts/s at the median | median ms | 99 % ms | slowest ms | best of five: median ms | 99 % ms | slowest ms | agreement |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|");
  const [mine, other] = [ours(pairs), theirs(pairs)];
  console.log(row("@fovea-rl/rewards", mine, pairs));
  console.log(row("Math-Verify", other, pairs));
  const ratio = (of: (timings: Timings) => readonly number[]): string =>
    (quantile(of(other), 0.5) / quantile(of(mine), 0.5)).toFixed(0);
  console.log(
    `\nratio of medians: ${ratio(({ milliseconds }) => milliseconds)}, best of five: ${ratio(undisturbed)}\n`,
  );
}
