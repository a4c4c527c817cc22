import { loadavg } from "node:os";
import { checkAgreement } from "./agreement.ts";
import { type Arena, type Backend, startEngine, startPeer } from "./contenders.ts";
import { timeDefaultRuns } from "./default-run.ts";
import { type Entry, interleave, speedRatio } from "./interleave.ts";
import { median } from "./median.ts";
import { type Records, saveRecords } from "./records.ts";
import type { WorkerProcess } from "./worker-process.ts";
import { type WorkloadPlan, workloadName, writeWorkload } from "./workload.ts";

/** What an experiment works with. */
export interface Laboratory {
  readonly arena: Arena;
  readonly backends: readonly Backend[];
  readonly rounds: number;
  readonly workDirectory: string;
  readonly records: Records;
  readonly file: string;
}

type Starter = (workload: string) => Promise<WorkerProcess>;

async function withWorkers<T>(
  starters: readonly Starter[],
  workload: string,
  work: (workers: WorkerProcess[]) => Promise<T>,
) {
  const workers: WorkerProcess[] = [];
  try {
    for (const start of starters) workers.push(await start(workload));
    return await work(workers);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

/** Sizes at which each worker has a pass of its own at a time. Results do not depend on the number of workers. */
function shares({ model, imageTokens, prompts, groupSize, responseLength }: WorkloadPlan, workers: number) {
  const promptTokens = model === "digits" ? 16 : imageTokens + 20;
  const part = Math.ceil(prompts / workers);
  return { samplingRows: part * groupSize, microBatchTokens: part * (promptTokens + groupSize * responseLength) };
}

/** The engine with all cores at work. On tensorflow workers share nothing but sampling: scoring and training take its default sizes. */
function allCores(backend: Backend, plan: WorkloadPlan, cores: number) {
  const { samplingRows, microBatchTokens } = shares(plan, cores);
  if (backend === "wasm") return { workers: cores, samplingRows, microBatchTokens };
  return backend === "tensorflow" ? { workers: cores, samplingRows } : {};
}

/** Each backend with a worker for each core, as the peers have a thread for each; on an accelerator, with its default sizes. */
function engines({ backends, arena }: Laboratory, plan: WorkloadPlan): readonly Starter[] {
  return backends.map((backend) => {
    const options = allCores(backend, plan, arena.cores);
    return (workload) => startEngine(workload, backend, arena, options);
  });
}

/** The engine on wasm in one thread, to say what a single core does. */
function oneWorker({ backends, arena }: Laboratory): readonly Starter[] {
  if (!backends.includes("wasm") || arena.cores === 1) return [];
  return [(workload) => startEngine(workload, "wasm", arena, { label: "fovea wasm, 1 worker" })];
}

/** The engine on tensorflow with gradient checkpointing: memory for computing. */
function checkpointed({ backends, arena }: Laboratory, plan: WorkloadPlan): readonly Starter[] {
  if (!backends.includes("tensorflow")) return [];
  const options = { ...allCores("tensorflow", plan, arena.cores), gradientCheckpointing: true };
  return [
    (workload) => startEngine(workload, "tensorflow", arena, { label: "fovea tensorflow, checkpointed", ...options }),
  ];
}

/** Adds a record in the place of an older one that agrees in these fields. */
function replace<T>(records: T[], record: T, fields: readonly (keyof T)[]): void {
  const key = (value: T) => JSON.stringify(fields.map((field) => value[field]));
  const place = records.findIndex((other) => key(other) === key(record));
  if (place === -1) records.push(record);
  else records[place] = record;
}

/** Rounds that count, and warm-ups before them. */
function repeats({ model }: WorkloadPlan, rounds: number): readonly [number, number] {
  // Passes of a tenth of a second: a run of hundreds of updates has its code compiled for good after the first ones.
  if (model === "digits") return [3 * rounds, 8];
  // Passes of seconds, which scatter less.
  return [model === "30m" ? Math.min(3, rounds) : rounds, 1];
}

/** Interleaves, prints and keeps one comparison; what a contender cannot do is recorded as not run. */
async function compare(
  laboratory: Laboratory,
  experiment: string,
  plan: WorkloadPlan,
  what: string,
  entries: readonly Entry[],
) {
  const { records, file, rounds } = laboratory;
  const result = await interleave(entries, ...repeats(plan, rounds));
  replace(records.comparisons, { experiment, plan, what, ...result }, ["experiment", "what", "plan"]);
  saveRecords(records, file);
  const peer = result.series.at(-1)!;
  const cells = result.series.map((series) => {
    const rate = series.tokensPerSecond ? ` (${median(series.tokensPerSecond).toFixed(0)} tokens/s)` : "";
    const ratio = series === peer ? "" : ` ${speedRatio(series, peer).toFixed(2)}x`;
    return `${series.label} ${(1000 * median(series.seconds)).toFixed(0)} ms${rate}${ratio}`;
  });
  console.log(
    `${experiment} | ${workloadName(plan)} | ${what} | ${cells.join(" | ")} | load ${result.load[1].toFixed(1)}`,
  );
}

const entriesOf = (workers: readonly WorkerProcess[], operation: string, argument: object = {}): Entry[] =>
  workers.map((worker) => ({ label: worker.label, worker, operation, argument }));

async function agree(laboratory: Laboratory, plan: WorkloadPlan, workers: readonly WorkerProcess[]): Promise<void> {
  const peer = workers.at(-1)!;
  for (const engine of workers.slice(0, -1)) {
    const record = await checkAgreement(plan, engine, peer);
    replace(laboratory.records.agreements, record, ["plan", "label", "peer"]);
    console.log(
      `agreement | ${workloadName(plan)} | ${engine.label} and ${peer.label} | ${record.tokens} log-probabilities within ` +
        `${record.logprobDifference.toExponential(1)}, loss within ${record.lossDifference.toExponential(1)}, ` +
        `gradient norm within ${record.gradientNormDifference.toExponential(1)}`,
    );
  }
}

/** Every pass against the PyTorch loop. */
export async function measurePasses(laboratory: Laboratory, plan: WorkloadPlan): Promise<void> {
  const { arena, workDirectory } = laboratory;
  const workload = await writeWorkload(plan, workDirectory);
  const pytorch: Starter = (file) => startPeer(file, "pytorch", arena);
  await withWorkers([...engines(laboratory, plan), ...oneWorker(laboratory), pytorch], workload, async (workers) => {
    await agree(laboratory, plan, workers);
    for (const [operation, argument] of [
      ["sample", {}],
      ["score", {}],
      ["train", {}],
      ["perturbed", { sharing: "prompt" }],
      ["perturbed", { sharing: "rollout" }],
    ] as const) {
      const what = [operation, ...Object.values(argument)].join(" ");
      await compare(laboratory, "passes", plan, what, entriesOf(workers, operation, argument));
    }
  });
}

/** The whole update, against the PyTorch loop and against TRL. */
export async function measureUpdates(laboratory: Laboratory, plan: WorkloadPlan): Promise<void> {
  const { arena, workDirectory } = laboratory;
  const workload = await writeWorkload(plan, workDirectory);
  const pytorch: Starter = (file) => startPeer(file, "pytorch", arena);
  const trl: Starter = (file) => startPeer(file, "trl", arena);
  await withWorkers([...engines(laboratory, plan), ...oneWorker(laboratory), pytorch], workload, async (workers) => {
    await agree(laboratory, plan, workers);
    for (const algorithm of ["vppo-prompt", "grpo"]) {
      await compare(laboratory, "passes", plan, `update ${algorithm}`, entriesOf(workers, "update", { algorithm }));
    }
  });
  const starters = [...engines(laboratory, plan), ...checkpointed(laboratory, plan), ...oneWorker(laboratory), trl];
  await withWorkers(starters, workload, (workers) =>
    compare(laboratory, "trl", plan, "update grpo", entriesOf(workers, "update", { algorithm: "grpo" })),
  );
}

/** Peak resident memory of processes that do three updates and nothing else. */
export async function measureMemory(laboratory: Laboratory, plan: WorkloadPlan): Promise<void> {
  const { arena, records, file, workDirectory } = laboratory;
  const workload = await writeWorkload(plan, workDirectory);
  const peers = (["pytorch", "trl"] as const).map((peer) => (path: string) => startPeer(path, peer, arena));
  const ours = [...engines(laboratory, plan), ...checkpointed(laboratory, plan), ...oneWorker(laboratory)];
  for (const start of [...ours, ...peers]) {
    await withWorkers([start], workload, async ([worker]) => {
      for (let update = 0; update < 3; update++) await worker!.request("update", { algorithm: "grpo" });
      const { peak } = await worker!.request("memory");
      replace(records.memory, { plan, label: worker!.label, peakBytes: Number(peak) }, ["plan", "label"]);
      saveRecords(records, file);
      console.log(
        `memory | ${workloadName(plan)} | ${worker!.label} | peak ${(Number(peak) / 2 ** 20).toFixed(0)} MiB`,
      );
    });
  }
}

/** What VPPO adds to DAPO's update, within one process. */
export async function measureVppo(laboratory: Laboratory, plan: WorkloadPlan): Promise<void> {
  const workload = await writeWorkload(plan, laboratory.workDirectory);
  for (const start of engines(laboratory, plan)) {
    await withWorkers([start], workload, async ([worker]) => {
      // With the published entropy penalty every token has a gradient; without one, as in the default run, VPPO's masked tokens have none.
      for (const [suffix, words] of [
        ["", ""],
        [" unpenalised", ", no entropy penalty"],
      ]) {
        await compare(
          laboratory,
          "vppo",
          plan,
          `update on ${worker!.label}${words}`,
          ["vppo-prompt", "vppo-rollout", "dapo"].map((label) => ({
            label,
            worker: worker!,
            operation: "update",
            argument: { algorithm: `${label}${suffix}` },
          })),
        );
      }
    });
  }
}

/** What VPPO adds to DAPO in the trainer's default run, where both sample until every group has an advantage. */
export async function measureDefaultRun({ records, file, arena, rounds }: Laboratory, plan: WorkloadPlan) {
  const what = "default run on fovea wasm, dynamic sampling";
  const result = await timeDefaultRuns(rounds, arena.cores);
  replace(records.comparisons, { experiment: "vppo", plan, what, ...result }, ["experiment", "what", "plan"]);
  saveRecords(records, file);
  const cells = result.series.map(
    ({ label, seconds }) => `${label} ${(1000 * median(seconds)).toFixed(0)} ms an update`,
  );
  console.log(`${what} | ${cells.join(" | ")} | load ${result.load[1].toFixed(1)}`);
}

/** Training on a group that shares its prefix against the same rollouts as groups of one. */
export async function measureSharing(laboratory: Laboratory, plan: WorkloadPlan): Promise<void> {
  const workload = await writeWorkload(plan, laboratory.workDirectory);
  const { backends, arena } = laboratory;
  for (const backend of backends) {
    // Eight images at once exceed the four gigabytes that wasm can address: a pass takes one group, or one of the groups of one.
    const start: Starter = (file) =>
      startEngine(file, backend, arena, {
        microBatchTokens: plan.imageTokens + 20 + plan.groupSize * plan.responseLength,
      });
    await withWorkers([start], workload, ([worker]) =>
      compare(laboratory, "sharing", plan, `train on ${worker!.label}`, [
        { label: "shared prefix", worker: worker!, operation: "train", argument: { shared: true } },
        { label: "groups of one", worker: worker!, operation: "train", argument: { shared: false } },
      ]),
    );
  }
}

/** How training and scoring grow, beside the PyTorch loop. */
export async function measureGrowth(
  laboratory: Laboratory,
  axis: string,
  plans: readonly WorkloadPlan[],
): Promise<void> {
  const pytorch: Starter = (file) => startPeer(file, "pytorch", laboratory.arena);
  for (const plan of plans) {
    const workload = await writeWorkload(plan, laboratory.workDirectory);
    await withWorkers([...engines(laboratory, plan), pytorch], workload, async (workers) => {
      await agree(laboratory, plan, workers);
      for (const operation of ["train", "sample"]) {
        await compare(laboratory, axis, plan, operation, entriesOf(workers, operation));
      }
    });
  }
}

/** Several workers against one, on wasm, both with the work cut in the same two. */
export async function measurePool(laboratory: Laboratory, plan: WorkloadPlan): Promise<void> {
  const { arena, workDirectory } = laboratory;
  const workload = await writeWorkload(plan, workDirectory);
  const counts = [arena.cores, 1];
  const starters = counts.map(
    (workers): Starter =>
      (file) =>
        startEngine(file, "wasm", arena, { label: `${workers} wasm workers`, ...shares(plan, arena.cores), workers }),
  );
  await withWorkers(starters, workload, async (workers) => {
    for (const [operation, argument] of [
      ["sample", {}],
      ["score", {}],
      ["train", {}],
      ["update", { algorithm: "vppo-prompt" }],
    ] as const) {
      await compare(laboratory, "pool", plan, operation, entriesOf(workers, operation, argument));
    }
  });
}

/** What bounds the figures: each contender's own matrix products, and the kernels of each pass. */
export async function measureBounds(laboratory: Laboratory, plan: WorkloadPlan): Promise<void> {
  const { arena, records, file, workDirectory } = laboratory;
  const workload = await writeWorkload(plan, workDirectory);
  const pytorch: Starter = (path) => startPeer(path, "pytorch", arena);
  // In one thread: kernels of other threads are not counted.
  const engine = laboratory.backends.map(
    (backend): Starter =>
      (path) =>
        startEngine(path, backend, arena),
  );
  for (const start of [...engine, pytorch]) {
    await withWorkers([start], workload, async ([worker]) => {
      for (const size of [128, 256, 512, 1024]) {
        const { flops } = await worker!.request("matmul", { size });
        const peak = { label: worker!.label, size, flops: Number(flops), load: loadavg()[0]! };
        replace(records.peaks, peak, ["label", "size"]);
        console.log(`matmul ${size} | ${worker!.label} | ${(Number(flops) / 1e9).toFixed(1)} GFLOP/s`);
      }
      if (worker!.label === "PyTorch") return;
      for (const pass of ["sample", "score", "train"]) {
        const { total, kernels } = await worker!.request("kernels", { pass });
        const record = {
          plan,
          label: worker!.label,
          pass,
          total: Number(total),
          kernels: kernels as Record<string, number>,
        };
        replace(records.kernels, record, ["plan", "label", "pass"]);
        console.log(`kernels | ${worker!.label} | ${pass} | ${total}`);
      }
    });
    saveRecords(records, file);
  }
}
