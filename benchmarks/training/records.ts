import { writeFileSync } from "node:fs";
import type { Interleaved } from "./interleave.ts";
import type { Machine } from "./machine.ts";
import type { PassCost } from "./pass-cost.ts";
import type { WorkloadPlan } from "./workload.ts";

/** One measurement of several contenders. */
export interface ComparisonRecord extends Interleaved {
  readonly experiment: string;
  readonly plan: WorkloadPlan;
  /** What was done, in a few words: "train", "update grpo", ... */
  readonly what: string;
}

/** Whether both sides compute the same before they are timed. */
export interface AgreementRecord {
  readonly plan: WorkloadPlan;
  readonly label: string;
  readonly peer: string;
  readonly promptTokens: number;
  readonly parameters: number;
  /** Operations of one scoring pass. */
  readonly forwardCost: PassCost;
  /** Largest difference of a response token's log-probability, and over how many tokens. */
  readonly logprobDifference: number;
  readonly tokens: number;
  /** Relative differences of DAPO's loss and of its gradient's norm. */
  readonly lossDifference: number;
  readonly gradientNormDifference: number;
}

export interface MemoryRecord {
  readonly plan: WorkloadPlan;
  readonly label: string;
  readonly peakBytes: number;
}

/** How fast a contender multiplies square matrices, in operations per second. */
export interface PeakRecord {
  readonly label: string;
  readonly size: number;
  readonly flops: number;
  readonly load: number;
}

/** Kernels that one pass launches. */
export interface KernelRecord {
  readonly plan: WorkloadPlan;
  readonly label: string;
  readonly pass: string;
  readonly total: number;
  readonly kernels: Readonly<Record<string, number>>;
}

export interface Records {
  readonly machine: Machine;
  readonly mode: "quick" | "full";
  readonly pinnedCores: number;
  readonly commit: string;
  readonly agreements: AgreementRecord[];
  readonly comparisons: ComparisonRecord[];
  readonly memory: MemoryRecord[];
  readonly peaks: PeakRecord[];
  readonly kernels: KernelRecord[];
  /** What could not be run, with the reason. */
  readonly notRun: string[];
}

/** Written after each measurement: an interrupted run keeps what it has. */
export function saveRecords(records: Records, file: string): void {
  writeFileSync(file, `${JSON.stringify(records, null, 1)}\n`);
}
