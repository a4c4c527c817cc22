/**
 * `pnpm bench [--quick] [--only passes,memory,...] [--models digits,10m,30m] [--backends wasm,tensorflow] [--rounds n] [--cores n] [--device cpu|cuda] [--output file]
 * [--append]`: both sides, interleaved, on the same cores. Writes every measurement to a JSON file, from which `report.ts` makes tables and plots.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { backendAvailability } from "@fovea-rl/policy-tfjs";
import { BACKENDS, type Backend } from "./contenders.ts";
import {
  type Laboratory,
  measureBounds,
  measureDefaultRun,
  measureGrowth,
  measureMemory,
  measurePasses,
  measurePool,
  measureSharing,
  measureUpdates,
  measureVppo,
} from "./experiments.ts";
import { describeMachine } from "./machine.ts";
import { preparePeers } from "./prepare-peers.ts";
import type { Records } from "./records.ts";
import { writeReport } from "./report.ts";
import type { WorkloadPlan } from "./workload.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    models: { type: "string" },
    backends: { type: "string" },
    rounds: { type: "string" },
    cores: { type: "string", default: "2" },
    device: { type: "string", default: "cpu" },
    output: { type: "string" },
    append: { type: "boolean", default: false },
  },
});
const quick = values.quick;

const DIGITS: WorkloadPlan = {
  model: "digits",
  imageTokens: 4,
  prompts: quick ? 8 : 32,
  groupSize: 8,
  responseLength: 12,
};
const MIDDLE: WorkloadPlan = {
  model: "10m",
  imageTokens: 64,
  prompts: quick ? 1 : 4,
  groupSize: 8,
  responseLength: quick ? 32 : 64,
};
const LARGE: WorkloadPlan = { ...MIDDLE, model: "30m", prompts: 2 };
const ONE_GROUP: WorkloadPlan = { ...MIDDLE, prompts: 1 };
const FILLS_AN_ACCELERATOR: WorkloadPlan = {
  model: "200m",
  imageTokens: 64,
  prompts: 16,
  groupSize: 8,
  responseLength: 128,
};
const LONG_PREFIX: WorkloadPlan = { ...ONE_GROUP, imageTokens: 256, responseLength: 64 };
const SIZES = (quick ? [DIGITS, MIDDLE] : [DIGITS, MIDDLE, LARGE]).filter(
  ({ model }) => values.models === undefined || values.models.split(",").includes(model),
);

const EXPERIMENTS: Readonly<Record<string, (laboratory: Laboratory) => Promise<void>>> = {
  bounds: (laboratory) => measureBounds(laboratory, MIDDLE),
  passes: async (laboratory) => {
    for (const plan of SIZES) await measurePasses(laboratory, plan);
  },
  updates: async (laboratory) => {
    for (const plan of SIZES) await measureUpdates(laboratory, plan);
  },
  memory: async (laboratory) => {
    for (const plan of SIZES) await measureMemory(laboratory, plan);
  },
  vppo: async (laboratory) => {
    for (const plan of SIZES) await measureVppo(laboratory, plan);
    if (SIZES.includes(DIGITS) && laboratory.backends.includes("wasm")) await measureDefaultRun(laboratory, DIGITS);
  },
  sharing: (laboratory) => measureSharing(laboratory, LONG_PREFIX),
  pool: async (laboratory) => {
    for (const plan of SIZES) await measurePool(laboratory, { ...plan, prompts: Math.max(2, plan.prompts) });
  },
  groups: (laboratory) =>
    measureGrowth(
      laboratory,
      "group size",
      [1, 2, 4, 8, 16].map((groupSize) => ({ ...ONE_GROUP, groupSize })),
    ),
  prefixes: (laboratory) =>
    measureGrowth(
      laboratory,
      "image tokens",
      [16, 64, 256, 512].map((imageTokens) => ({ ...ONE_GROUP, imageTokens })),
    ),
  responses: (laboratory) =>
    measureGrowth(
      laboratory,
      "response length",
      [16, 32, 64, 128].map((responseLength) => ({ ...ONE_GROUP, responseLength })),
    ),
  parameters: (laboratory) =>
    measureGrowth(
      laboratory,
      "parameters",
      (["1m", "10m", "30m"] as const).map((model) => ({ ...ONE_GROUP, model })),
    ),
  accelerator: (laboratory) =>
    measurePasses(laboratory, FILLS_AN_ACCELERATOR).then(() => measureUpdates(laboratory, FILLS_AN_ACCELERATOR)),
};
const QUICK = ["bounds", "passes", "updates", "vppo", "sharing", "pool"];

function chosenBackends(notRun: string[]): Backend[] {
  const asked = values.backends?.split(",") ?? ["wasm", "tensorflow"];
  const unknown = asked.find((name) => !BACKENDS.some((backend) => backend === name));
  if (unknown !== undefined) throw new Error(`--backends: "${unknown}" is none of ${BACKENDS.join(", ")}`);
  return BACKENDS.filter((name) => {
    if (!asked.includes(name)) return false;
    const { installed, remedy } = backendAvailability().find((backend) => backend.name === name)!;
    if (!installed) notRun.push(`everything on ${name}: it is not installed (${remedy})`);
    return installed;
  });
}

const names =
  values.only?.split(",") ?? (quick ? QUICK : Object.keys(EXPERIMENTS).filter((name) => name !== "accelerator"));
const unknown = names.find((name) => !(name in EXPERIMENTS));
if (unknown !== undefined) throw new Error(`--only: "${unknown}" is none of ${Object.keys(EXPERIMENTS).join(", ")}`);
const file = resolve(values.output ?? join(import.meta.dirname, "results", `${quick ? "quick" : "latest"}.json`));
mkdirSync(dirname(file), { recursive: true });

const earlier = values.append && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Records) : undefined;
const records: Records = {
  machine: describeMachine(),
  mode: quick ? "quick" : "full",
  pinnedCores: Number(values.cores),
  commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8", cwd: import.meta.dirname }).trim(),
  agreements: earlier?.agreements ?? [],
  comparisons: earlier?.comparisons ?? [],
  memory: earlier?.memory ?? [],
  peaks: earlier?.peaks ?? [],
  kernels: earlier?.kernels ?? [],
  notRun: [],
};
const laboratory: Laboratory = {
  arena: { cores: records.pinnedCores, python: preparePeers(), device: values.device },
  backends: chosenBackends(records.notRun),
  rounds: Number(values.rounds ?? (quick ? 3 : 5)),
  workDirectory: join(import.meta.dirname, "work"),
  records,
  file,
};
for (const name of names) {
  const start = performance.now();
  await EXPERIMENTS[name]!(laboratory);
  console.log(`(${name}: ${((performance.now() - start) / 1000).toFixed(0)} s)`);
}
const report = await writeReport(records, dirname(file));
console.log(`\nMeasurements: ${file}\nTables: ${report}`);
