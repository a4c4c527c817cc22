import { join } from "node:path";

/** Places in a run directory; its format is docs/run-directory.md. */
export interface RunPaths {
  readonly directory: string;
  readonly configuration: string;
  readonly manifest: string;
  readonly status: string;
  readonly lock: string;
  readonly metrics: string;
  readonly timings: string;
  readonly rollouts: string;
  readonly evaluations: string;
  readonly checkpoints: string;
  readonly failures: string;
  readonly report: string;
}

export function runPaths(directory: string): RunPaths {
  return {
    directory,
    configuration: join(directory, "config.json"),
    manifest: join(directory, "manifest.json"),
    status: join(directory, "status.json"),
    lock: join(directory, "run.lock"),
    metrics: join(directory, "metrics.jsonl"),
    timings: join(directory, "timings.jsonl"),
    rollouts: join(directory, "rollouts"),
    evaluations: join(directory, "evaluations"),
    checkpoints: join(directory, "checkpoints"),
    failures: join(directory, "failures"),
    report: join(directory, "report.html"),
  };
}
