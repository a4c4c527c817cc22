import { wilsonInterval } from "../statistics/wilson-interval.ts";
import type { EvaluationAnswer } from "./evaluate-policy.ts";

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Metrics of a greedy evaluation (one answer a prompt), as docs/run-directory.md lists them. */
export function evaluationMetrics(answers: readonly EvaluationAnswer[]): Record<string, number> {
  const accuracies = answers.map(({ accuracy }) => accuracy);
  const { low, high } = wilsonInterval(
    accuracies.reduce((sum, accuracy) => sum + accuracy, 0),
    accuracies.length,
  );
  const components = new Set(answers.flatMap((answer) => Object.keys(answer.components)));
  components.delete("accuracy");
  const families = [...new Set(answers.flatMap(({ family }) => (family === undefined ? [] : [family])))].sort();
  return {
    "evaluation/accuracy": mean(accuracies),
    "evaluation/accuracy-low": low,
    "evaluation/accuracy-high": high,
    "evaluation/prompts": answers.length,
    "evaluation/reward-mean": mean(answers.map(({ reward }) => reward)),
    ...Object.fromEntries(
      [...components].map((name) => [
        `evaluation/components/${name}`,
        mean(answers.map((answer) => answer.components[name] ?? 0)),
      ]),
    ),
    "evaluation/response-length-mean": mean(answers.map(({ responseLength }) => responseLength)),
    "evaluation/truncated-fraction": mean(answers.map(({ finishReason }) => Number(finishReason === "length"))),
    ...Object.fromEntries(
      families.map((family) => [
        `evaluation/family/${family}/accuracy`,
        mean(answers.filter((answer) => answer.family === family).map(({ accuracy }) => accuracy)),
      ]),
    ),
  };
}
