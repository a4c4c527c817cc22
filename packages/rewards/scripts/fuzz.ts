// Grades hostile strings and reports what it found: `node --conditions=@fovea-rl/source scripts/fuzz.ts [count] [seed]`.
import { readFileSync } from "node:fs";
import { gradeAnswer, graderFault } from "../src/grade-answer.ts";
import { constructions, hostileString, seeded } from "./hostile-strings.ts";

const count = Number(process.argv[2] ?? 1_000_000);
const source = seeded(Number(process.argv[3] ?? 1));
const fixture = new URL("../fixtures/math-verify-cases.jsonl", import.meta.url);
const cases = readFileSync(fixture, "utf8").trim().split("\n");
const seeds = cases.flatMap((line) => {
  const { gold, pred } = JSON.parse(line) as { gold: string; pred: string };
  return [gold, pred.slice(-800)];
});

let slowest = 0;
let slowestText = "";
let overTen = 0;
let exhausted = 0;
let peakHeap = 0;
let slowestProcessor = 0;
let processorOverTen = 0;

function grade(reference: string, response: string, options?: readonly string[]): void {
  const start = performance.now();
  const processor = process.cpuUsage();
  const { reason } = gradeAnswer(reference, response, { options });
  if (reason.startsWith(graderFault)) throw new Error(JSON.stringify({ reason, reference, response }));
  const taken = performance.now() - start;
  // Wall time counts other programs' work too; processor time counts the garbage collector's threads.
  const { user, system } = process.cpuUsage(processor);
  slowestProcessor = Math.max(slowestProcessor, (user + system) / 1000);
  if (user + system > 10_000) processorOverTen++;
  if (reason === "too intricate to decide within the budget") exhausted++;
  if (taken > 10) overTen++;
  if (taken > slowest) [slowest, slowestText] = [taken, JSON.stringify({ reference, response }).slice(0, 200)];
}

const started = performance.now();
for (const size of [100, 1000, 4000, 100_000, 1_000_000]) {
  for (const text of constructions(size)) {
    grade("1", text);
    grade(text.slice(0, 5000), text.slice(0, 5000));
    grade("A", text, ["1", "2", text.slice(0, 2000)]);
  }
}
console.log(`constructions up to a megabyte: slowest ${slowest.toFixed(1)} ms, ${slowestText.slice(0, 120)}`);
for (let index = 0; index < count; index++) {
  const response = hostileString(source, seeds);
  const reference = index % 3 === 0 ? hostileString(source, seeds) : index % 3 === 1 ? response : "12";
  grade(reference, response, index % 10 === 0 ? ["1", "x", hostileString(source, seeds)] : undefined);
  if (index % 1000 === 0) peakHeap = Math.max(peakHeap, process.memoryUsage().heapUsed);
}
const seconds = (performance.now() - started) / 1000;
console.log(
  `${count} strings in ${seconds.toFixed(0)} s: no exception; slowest ${slowest.toFixed(1)} ms ` +
    `(processor time ${slowestProcessor.toFixed(1)} ms), ${overTen} over 10 ms (${processorOverTen}), ` +
    `${exhausted} ended by the budget; peak heap ${(peakHeap / 2 ** 20).toFixed(0)} MiB`,
);
if (slowest > 20) console.log(`slowest: ${slowestText}`);
