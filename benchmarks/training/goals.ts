import { extraCost } from "./extra-cost.ts";
import { speedRatio } from "./interleave.ts";
import { markdownTable } from "./markdown-table.ts";
import type { ComparisonRecord, Records } from "./records.ts";
import { workloadName } from "./workload.ts";

interface Goal {
  readonly what: string;
  readonly goal: string;
  /** Measured values, one a workload. */
  readonly values: readonly { readonly workload: string; readonly value: number }[];
  readonly met: (value: number) => boolean;
  readonly format: (value: number) => string;
}

const ratioFormat = (value: number) => `${value.toFixed(2)} x`;
const shareFormat = (value: number) => `${value >= 0 ? "+" : ""}${(100 * value).toFixed(1)} %`;

/** Ratios of one contender in the comparisons of an experiment that did `what`. */
function ratios(records: Records, experiment: string, what: (what: string) => boolean, label: string) {
  return records.comparisons
    .filter((record) => record.experiment === experiment && what(record.what))
    .flatMap(({ plan, series }) => {
      const own = series.find((entry) => entry.label === label);
      return own === undefined ? [] : [{ workload: workloadName(plan), value: speedRatio(own, series.at(-1)!) }];
    });
}

/** Time above DAPO's, as a share; nothing where this algorithm was not run. */
function aboveDapo({ plan, what, series }: ComparisonRecord, algorithm: string) {
  const own = series.find(({ label }) => label === algorithm);
  if (own === undefined) return [];
  const workload = `${workloadName(plan)} ${what.replace("update on fovea ", "")}`;
  return [{ workload, value: extraCost(own, series.at(-1)!) }];
}

function memoryShares(records: Records) {
  return records.memory
    .filter(({ label }) => label.startsWith("fovea"))
    .flatMap(({ plan, label, peakBytes }) => {
      const trl = records.memory.find(
        (other) => other.label === "TRL" && workloadName(other.plan) === workloadName(plan),
      );
      if (trl === undefined) return [];
      return [{ workload: `${workloadName(plan)} ${label.replace("fovea ", "")}`, value: peakBytes / trl.peakBytes }];
    });
}

function goals(records: Records): readonly Goal[] {
  const atLeast = (limit: number) => ({ met: (value: number) => value >= limit, format: ratioFormat });
  const vppo = records.comparisons.filter(({ experiment }) => experiment === "vppo");
  const is = (name: string) => (what: string) => what === name;
  const onWasmAndTensorflow = (experiment: string, what: string) =>
    ["fovea wasm", "fovea tensorflow"].flatMap((label) =>
      ratios(records, experiment, is(what), label).map(({ workload, value }) => ({
        workload: `${workload} ${label.replace("fovea ", "")}`,
        value,
      })),
    );
  return [
    {
      what: "whole update, tensorflow, against TRL",
      goal: "at least 2 x",
      values: ratios(records, "trl", is("update grpo"), "fovea tensorflow"),
      ...atLeast(2),
    },
    {
      what: "whole update, wasm, against TRL",
      goal: "at least 1 x",
      values: ratios(records, "trl", is("update grpo"), "fovea wasm"),
      ...atLeast(1),
    },
    {
      what: "training step, tensorflow, against the PyTorch loop",
      goal: "at least 1 x",
      values: ratios(records, "passes", is("train"), "fovea tensorflow"),
      ...atLeast(1),
    },
    {
      what: "sampling, group of 8, against generate",
      goal: "at least 2 x",
      values: onWasmAndTensorflow("passes", "sample"),
      ...atLeast(2),
    },
    {
      what: "VPPO over DAPO, a mask per prompt",
      goal: "at most +5 %",
      values: vppo.flatMap((record) => aboveDapo(record, "vppo-prompt")),
      met: (value) => value <= 0.05,
      format: shareFormat,
    },
    {
      what: "VPPO over DAPO, a mask per rollout",
      goal: "at most +10 %",
      values: vppo.flatMap((record) => aboveDapo(record, "vppo-rollout")),
      met: (value) => value <= 0.1,
      format: shareFormat,
    },
    {
      what: "training with a shared prefix of 256 image tokens, against none shared",
      goal: "at least 2.5 x",
      values: records.comparisons
        .filter(({ experiment }) => experiment === "sharing")
        .map(({ what, series }) => ({
          workload: what.replace("train on fovea ", ""),
          value: speedRatio(series[0]!, series.at(-1)!),
        })),
      ...atLeast(2.5),
    },
    {
      what: "two wasm workers against one, whole update",
      goal: "at least 1.8 x",
      values: ratios(records, "pool", is("update"), "2 wasm workers"),
      ...atLeast(1.8),
    },
    {
      what: "peak memory against TRL",
      goal: "at most 0.6 x",
      values: memoryShares(records),
      met: (value) => value <= 0.6,
      format: ratioFormat,
    },
  ];
}

/** The goals beside what this run measured, the misses as plainly as the hits. */
export function goalTable(records: Records): string {
  const rows = goals(records).flatMap(({ what, goal, values, met, format }) =>
    values.length === 0
      ? [[what, goal, "not measured", "", "-"]]
      : values.map(({ workload, value }) => [what, goal, workload, format(value), met(value) ? "yes" : "**no**"]),
  );
  return markdownTable(["what", "goal", "workload", "measured", "met"], rows);
}
