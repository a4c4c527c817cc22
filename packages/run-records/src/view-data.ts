/** What the viewer's page shows, and how it asks for it: of the local server, or of the data inside a report. */
import type { Comparison } from "./comparison.ts";
import type { PerceptionProfile } from "./perception-profile.ts";
import type { Problem } from "./problem.ts";
import type { RolloutPage, RolloutQuery } from "./rollout-query.ts";
import type { RolloutRecord } from "./rollout-record.ts";
import type { RolloutRow } from "./rollout-row.ts";
import type { RunSummary } from "./run-summary.ts";
import type { MetricNames, Series, StepRange } from "./series.ts";

export type { Comparison, ComparisonRow, ComparisonRun, Interval } from "./comparison.ts";
export { perceptionNumbersCsv, perceptionTokensCsv } from "./perception-csv.ts";
export type {
  DependencyHistogram,
  DependencyNumbers,
  DependentToken,
  PerceptionProfile,
} from "./perception-profile.ts";
export type { Problem } from "./problem.ts";
export { rolloutDetail } from "./rollout-detail.ts";
export type { RolloutOrder, RolloutPage, RolloutQuery } from "./rollout-query.ts";
export { ROLLOUT_ORDERS, RolloutSearch } from "./rollout-query.ts";
export type { PromptPart, RolloutRecord } from "./rollout-record.ts";
export type { RolloutFolder, RolloutRow } from "./rollout-row.ts";
export { isRight, ROLLOUT_FOLDERS } from "./rollout-row.ts";
export type { AccuracyEstimate, RunState, RunSummary } from "./run-summary.ts";
export type { MetricNames, Series, StepRange } from "./series.ts";
export type { MeanEstimate } from "./student-interval.ts";
export { studentInterval } from "./student-interval.ts";
export type { SeedResult, SeedSummary } from "./summarise-seeds.ts";
export { summariseSeeds } from "./summarise-seeds.ts";

export interface Overview {
  /** Newest first. */
  readonly runs: readonly RunSummary[];
  readonly comparisons: readonly Comparison[];
  /** The folders that were asked for. */
  readonly folders: readonly string[];
}

/** Names one rollout of a run. */
export interface RolloutReference {
  readonly file: string;
  readonly promptId: string;
  readonly sampleIndex: number;
}

/** One rollout with its tokens, and the others of its prompt. */
export interface RolloutDetail {
  readonly file: string;
  readonly rollout: RolloutRecord;
  /** All rollouts of the same prompt in the file, itself included, most dependent first. */
  readonly group: readonly RolloutRow[];
  /** The rollouts before and after it in the file's order. */
  readonly previous: RolloutReference | undefined;
  readonly next: RolloutReference | undefined;
}

export interface RunNames {
  readonly names: MetricNames;
  readonly problems: readonly Problem[];
}

export interface PerceptionAnswer {
  /** Files with measured dependency that could be asked for. */
  readonly files: readonly string[];
  readonly profile: PerceptionProfile | undefined;
  readonly problems: readonly Problem[];
}

export interface RolloutAnswer extends RolloutPage {
  readonly problems: readonly Problem[];
}

/** What changed in a run. */
export interface RunChange {
  readonly run: string;
  readonly what: readonly ("summary" | "metrics" | "rollouts")[];
}

/** The page's only way to data. */
export interface ViewSource {
  /** Whether runs may still change. */
  readonly isLive: boolean;
  overview(): Promise<Overview>;
  metricNames(run: string): Promise<RunNames>;
  /** Only the metrics that the run has; of all its steps, or as exactly as can be of some. */
  series(run: string, names: readonly string[], range?: StepRange): Promise<Readonly<Record<string, Series>>>;
  rollouts(run: string, query: RolloutQuery): Promise<RolloutAnswer>;
  rollout(run: string, reference: RolloutReference): Promise<RolloutDetail>;
  /** @param files those to take together. */
  perception(run: string, files: readonly string[]): Promise<PerceptionAnswer>;
  /** An address for `<img>`. @param path as the rollout names it. */
  imageAddress(run: string, file: string, path: string): string;
  /** @returns a function that ends it. */
  subscribe(onChange: (change: RunChange) => void, onState: (isConnected: boolean) => void): () => void;
}

/** What a report holds; images by run, folder and path. */
export interface ReportData {
  readonly createdAt: string;
  readonly overview: Overview;
  readonly names: Readonly<Record<string, RunNames>>;
  readonly series: Readonly<Record<string, Readonly<Record<string, Series>>>>;
  readonly rollouts: Readonly<
    Record<
      string,
      {
        readonly recorded: number;
        readonly entries: readonly { readonly row: RolloutRow; readonly rollout: RolloutRecord }[];
      }
    >
  >;
  /** By run, then by the files taken together, joined by spaces; "" holds all. */
  readonly perception: Readonly<Record<string, Readonly<Record<string, PerceptionAnswer>>>>;
  /** Data addresses. */
  readonly images: Readonly<Record<string, string>>;
}

/** The key of an image in a report. */
export function imageKey(run: string, file: string, path: string): string {
  return `${run}\n${file.split("/")[0]}\n${path}`;
}
