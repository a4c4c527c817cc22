import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Interleaved, Series } from "./interleave.ts";

const root = join(import.meta.dirname, "..", "..");

/** The default run's algorithm, with one degraded image a prompt and with one a rollout, beside DAPO as `fovea compare` runs it. */
const ALGORITHMS = {
  "vppo-prompt": {},
  "vppo-rollout": { "algorithm.options.perception.sharing": "rollout" },
  dapo: { algorithm: '{"use":"dapo","options":{"dualClip":3}}' },
} as const;

/** The first updates compile and fill caches. */
const WARM_UP_UPDATES = 5;
const UPDATES = 45;

/** Trains by the command-line interface as `npm start` does. @returns mean seconds an update, evaluations and checkpoints not counted. */
async function trainedSeconds(
  overrides: Readonly<Record<string, string>>,
  seed: number,
  workers: number,
): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "fovea-bench-"));
  const settings = {
    ...overrides,
    seed,
    "run.directory": directory,
    "run.name": "run",
    "policy.options.workers": workers,
    "training.updates": UPDATES,
    "evaluation.prompts": 10,
    "evaluation.everyUpdates": 1000,
    "checkpoints.everyUpdates": 0,
  };
  const parameters = Object.entries(settings).flatMap(([path, value]) => ["--set", `${path}=${value}`]);
  const command = ["--conditions=@fovea-rl/source", "apps/trainer/src/fovea.ts", "train", "--quiet", "fovea.config.ts"];
  try {
    await promisify(execFile)(process.execPath, [...command, ...parameters], { cwd: root });
    const lines = (await readFile(join(directory, "run", "timings.jsonl"), "utf8")).trim().split("\n");
    const updates = lines
      .map((line) => JSON.parse(line) as { kind: string; step: number; timings: Record<string, number> })
      .filter(({ kind, step }) => kind === "update" && step > WARM_UP_UPDATES)
      .map(({ timings }) => timings["time/update-seconds"]!);
    return updates.reduce((sum, seconds) => sum + seconds, 0) / updates.length;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** What VPPO adds to DAPO's update in the trainer itself, dynamic sampling included: each round one seed, the algorithms in turn. */
export async function timeDefaultRuns(rounds: number, workers: number): Promise<Interleaved> {
  const before = loadavg()[0]!;
  const names = Object.keys(ALGORITHMS) as (keyof typeof ALGORITHMS)[];
  const seconds = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < names.length; place++) {
      const name = names[(place + round) % names.length]!;
      seconds.get(name)!.push(await trainedSeconds(ALGORITHMS[name], 1 + round, workers));
    }
  }
  const series = names.map(
    (label): Series => ({
      label,
      seconds: seconds.get(label)!,
      processorSeconds: seconds.get(label)!.map(() => Number.NaN),
      last: { seconds: seconds.get(label)!.at(-1)! },
    }),
  );
  return { series, load: [before, loadavg()[0]!] };
}
