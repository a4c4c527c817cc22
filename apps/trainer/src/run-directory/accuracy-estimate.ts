import { readJsonLines } from "./json-lines-file.ts";

/** Accuracy on held-out prompts with its 95 % Wilson interval. */
export interface AccuracyEstimate {
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly prompts: number;
}

/** A line of metrics.jsonl. */
export interface MetricsLine {
  readonly kind: "update" | "evaluation";
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** What the evaluation of a step found, by metrics.jsonl; undefined if there was none. */
export function accuracyAtStep(metricsPath: string, step: number): AccuracyEstimate | undefined {
  const line = readJsonLines<MetricsLine>(metricsPath).find(
    (entry) => entry.kind === "evaluation" && entry.step === step,
  );
  const accuracy = line?.metrics["evaluation/accuracy"];
  if (!line || accuracy === undefined) return undefined;
  return {
    accuracy,
    low: line.metrics["evaluation/accuracy-low"]!,
    high: line.metrics["evaluation/accuracy-high"]!,
    prompts: line.metrics["evaluation/prompts"]!,
  };
}
