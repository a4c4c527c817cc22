import { extraCost } from "./extra-cost.ts";
import { type Series, speedRatio } from "./interleave.ts";
import { markdownTable } from "./markdown-table.ts";
import { median } from "./median.ts";
import type { ComparisonRecord, Records } from "./records.ts";
import { type WorkloadPlan, workloadName } from "./workload.ts";

export function milliseconds({ seconds }: Series): string {
  const value = 1000 * median(seconds);
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

export const times = (ratio: number): string => (Number.isFinite(ratio) ? `${ratio.toFixed(2)} x` : "-");

/** Ratio of the medians of processor seconds: what the same work costs in computing, however crowded the machine is. */
export function processorRatio(series: Series, peer: Series): number {
  return median(peer.processorSeconds) / median(series.processorSeconds);
}

function spread({ seconds }: Series): string {
  const middle = median(seconds);
  return `${(100 * (Math.min(...seconds) / middle - 1)).toFixed(0)} to +${(100 * (Math.max(...seconds) / middle - 1)).toFixed(0)} %`;
}

function workloadWords(plan: WorkloadPlan): string {
  if (plan.model === "digits") return `digits, ${plan.prompts} x ${plan.groupSize}`;
  return `${plan.model.replace("m", " M")}, ${plan.prompts} x ${plan.groupSize}, image ${plan.imageTokens}, response ${plan.responseLength}`;
}

function select(records: Records, experiment: string): readonly ComparisonRecord[] {
  return records.comparisons.filter((record) => record.experiment === experiment);
}

/** Each contender beside the last, which is what it is compared with. */
function comparisonTable(comparisons: readonly ComparisonRecord[]): string {
  const rows = comparisons.flatMap(({ plan, what, series, load }) => {
    const peer = series.at(-1)!;
    return series.slice(0, -1).map((own) => {
      const rate = own.tokensPerSecond && peer.tokensPerSecond;
      const speed = rate
        ? [median(own.tokensPerSecond!).toFixed(0), median(peer.tokensPerSecond!).toFixed(0)].join(" / ")
        : "";
      return [
        workloadWords(plan),
        what,
        own.label,
        milliseconds(own),
        `${peer.label} ${milliseconds(peer)}`,
        speed,
        times(speedRatio(own, peer)),
        times(processorRatio(own, peer)),
        `${spread(own)}; ${spread(peer)}`,
        Math.max(...load).toFixed(1),
      ];
    });
  });
  const header = [
    "workload",
    "pass",
    "ours",
    "ms",
    "against, ms",
    "tokens/s",
    "speed",
    "by CPU time",
    "spread",
    "load",
  ];
  return markdownTable(header, rows);
}

export function agreementTable(records: Records): string {
  const rows = records.agreements.map((record) => [
    workloadWords(record.plan),
    record.label,
    String(record.parameters),
    String(record.promptTokens),
    String(record.tokens),
    record.logprobDifference.toExponential(1),
    record.lossDifference.toExponential(1),
    record.gradientNormDifference.toExponential(1),
  ]);
  const header = [
    "workload",
    "ours",
    "parameters",
    "prompt tokens",
    "scored tokens",
    "log-probability",
    "loss",
    "gradient norm",
  ];
  return markdownTable(header, rows);
}

export function memoryTable(records: Records): string {
  const rows = records.memory.map(({ plan, label, peakBytes }) => {
    const trl = records.memory.find(
      (other) => other.label === "TRL" && workloadName(other.plan) === workloadName(plan),
    );
    const share = trl === undefined ? "-" : `${(peakBytes / trl.peakBytes).toFixed(2)} x`;
    return [workloadWords(plan), label, (peakBytes / 2 ** 20).toFixed(0), share];
  });
  return markdownTable(["workload", "process", "peak, MiB", "of TRL's"], rows);
}

export function vppoTable(records: Records): string {
  const rows = select(records, "vppo").flatMap(({ plan, what, series, load }) => {
    const dapo = series.at(-1)!;
    return series.slice(0, -1).map((own) => {
      const share = extraCost(own, dapo);
      return [
        workloadWords(plan),
        what.replace("update on ", ""),
        own.label,
        milliseconds(own),
        milliseconds(dapo),
        `${share >= 0 ? "+" : ""}${(100 * share).toFixed(1)} %`,
        Math.max(...load).toFixed(1),
      ];
    });
  });
  return markdownTable(["workload", "on", "algorithm", "update, ms", "DAPO's, ms", "more", "load"], rows);
}

export function boundsTable(records: Records): string {
  const sizes = [...new Set(records.peaks.map(({ size }) => size))];
  const labels = [...new Set(records.peaks.map(({ label }) => label))];
  const rows = labels.map((label) => [
    label,
    ...sizes.map((size) => {
      const peak = records.peaks.find((record) => record.label === label && record.size === size);
      return peak === undefined ? "-" : (peak.flops / 1e9).toFixed(0);
    }),
  ]);
  return markdownTable(["GFLOP/s", ...sizes.map((size) => `${size} x ${size}`)], rows);
}

/** Operations that the pass needs at least, over its time, beside the contender's own best matrix product. */
export function achievedTable(records: Records): string {
  const rows = select(records, "passes").flatMap(({ plan, what, series }) => {
    const cost = records.agreements.find(
      (agreement) => workloadName(agreement.plan) === workloadName(plan),
    )?.forwardCost;
    const factor = what === "train" ? 3 : what === "score" ? 1 : undefined;
    if (cost === undefined || factor === undefined) return [];
    return series.map((own) => {
      const isPeer = own.label === "PyTorch";
      const flops = (factor * (isPeer ? cost.alone : cost.shared)) / median(own.seconds);
      const peak = Math.max(
        ...records.peaks.filter(({ label }) => label === own.label).map((record) => record.flops),
        Number.NEGATIVE_INFINITY,
      );
      const share = Number.isFinite(peak) ? `${((100 * flops) / peak).toFixed(0)} %` : "-";
      return [workloadWords(plan), what, own.label, (flops / 1e9).toFixed(1), share];
    });
  });
  return markdownTable(["workload", "pass", "process", "GFLOP/s", "of its best matrix product"], rows);
}

export function kernelTable(records: Records): string {
  const rows = records.kernels.map(({ label, pass, total, kernels }) => {
    const most = Object.entries(kernels)
      .sort(([, a], [, b]) => b - a)
      .slice(0, 6)
      .map(([name, count]) => `${name} ${count}`);
    return [label, pass, String(total), most.join(", ")];
  });
  return markdownTable(["process", "pass", "kernels", "most of them"], rows);
}

export const passesTable = (records: Records): string => comparisonTable(select(records, "passes"));
export const trlTable = (records: Records): string => comparisonTable(select(records, "trl"));
export const sharingTable = (records: Records): string => comparisonTable(select(records, "sharing"));
export const poolTable = (records: Records): string => comparisonTable(select(records, "pool"));
export const growthTable = (records: Records): string =>
  comparisonTable(
    ["group size", "image tokens", "response length", "parameters"].flatMap((axis) => select(records, axis)),
  );
