import type { Problem } from "./problem.ts";

export interface AccuracyEstimate {
  readonly accuracy: number;
  /** 95 % interval. */
  readonly low: number;
  readonly high: number;
  readonly prompts: number;
}

/** `killed`: the status says running, and no process of this machine works on it. `unknown`: there is no readable status. */
export type RunState = "running" | "interrupted" | "failed" | "finished" | "killed" | "unknown";

/** What the list of runs shows of one. */
export interface RunSummary {
  /** Unique among the runs shown; its name, with the folders between where it is nested. */
  readonly id: string;
  readonly state: RunState;
  readonly step: number;
  readonly updates: number | undefined;
  readonly algorithm: string | undefined;
  /** What the comparison it is part of calls it and the other seeds of its setting. */
  readonly label?: string;
  readonly task: string | undefined;
  readonly seed: number | undefined;
  readonly createdAt: string | undefined;
  readonly updatedAt: string | undefined;
  readonly before: AccuracyEstimate | undefined;
  readonly after: AccuracyEstimate | undefined;
  readonly trainingSeconds: number | undefined;
  readonly totalTokens: number | undefined;
  /** The message of a failed run. */
  readonly error: string | undefined;
  /** Missing and broken files, by name. */
  readonly problems: readonly Problem[];
  /** Runs that differ in nothing but seed and name share it: they are seeds of one setting. */
  readonly setting: string;
  /** Path in the configuration to its value as JSON, e.g. `training.learningRate.peak` to `0.0002`. */
  readonly configuration: Readonly<Record<string, string>>;
  /** Versions, machine and the like from the manifest, flattened the same way. */
  readonly manifest: Readonly<Record<string, string>>;
}
