import type { EvaluationRecord, Recorder, StepRecord } from "@fovea-rl/core";
import { openJsonLines } from "../run-directory/json-lines-file.ts";

/** A metric that is no finite number has no JSON: it is named instead of written. */
function metricFields(metrics: Readonly<Record<string, number>>) {
  const entries = Object.entries(metrics);
  const notFinite = entries.filter(([, value]) => !Number.isFinite(value)).map(([name]) => name);
  return {
    metrics: Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value))),
    ...(notFinite.length > 0 ? { notFinite } : {}),
  };
}

/** metrics.jsonl and timings.jsonl, which every run has: resuming depends on them. */
export function metricsRecorder(metricsPath: string, timingsPath: string): Recorder {
  const metrics = openJsonLines(metricsPath);
  const timings = openJsonLines(timingsPath);
  const record = (kind: "update" | "evaluation", entry: StepRecord | EvaluationRecord) => {
    metrics.append({ kind, step: entry.step, ...metricFields(entry.metrics) });
    const { metrics: finite } = metricFields(entry.timings);
    timings.append({ kind, step: entry.step, finishedAt: new Date().toISOString(), timings: finite });
  };
  return {
    name: "metrics",
    recordStep: (entry) => record("update", entry),
    recordEvaluation: (entry) => record("evaluation", entry),
    flush() {
      metrics.flush();
      timings.flush();
    },
    close() {
      metrics.close();
      timings.close();
    },
  };
}
