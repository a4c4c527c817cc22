import { execFile } from "node:child_process";
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loadConfiguration, train } from "@fovea-rl/trainer";

/** What a model might write to harm or to deceive whoever reads it. */
export const HOSTILE =
  '</script><script>window.harmed=1</script><img src=x onerror="window.harmed=1">\u202etxet desrever\u0007\u0000';

export interface ExampleRuns {
  readonly folder: string;
  /** Name of a run that trained to its end. */
  readonly run: string;
}

/** Runs of the trainer with the testkit's tabular policy: whole, hostile, and broken in three ways. */
export async function makeExampleRuns(): Promise<ExampleRuns> {
  const base = await mkdtemp(join(tmpdir(), "fovea-view-"));
  const folder = join(base, "runs");
  const file = join(base, "config.json");
  const configuration = {
    run: { directory: folder, name: "whole" },
    seed: 1,
    baseDirectory: import.meta.dirname,
    algorithm: { use: "vppo", options: { perception: { perturbation: { kind: "patch-black", patchSize: 4 } } } },
    policy: "@fovea-rl/testkit/tabular-policy",
    task: "@fovea-rl/testkit/tabular-task",
    rewards: ["boxed-answer"],
    sampling: { maximumTokens: 8 },
    training: {
      updates: 6,
      promptsPerUpdate: 4,
      rolloutsPerPrompt: 4,
      miniBatchesPerUpdate: 2,
      learningRate: { peak: 0.05 },
    },
    evaluation: { prompts: 16, everyUpdates: 3, progressPrompts: 16 },
    recorders: [{ use: "rollouts", options: { everyUpdates: 3 } }],
  };
  await writeFile(file, JSON.stringify(configuration));
  await train(await loadConfiguration(file));
  await writeFile(file, JSON.stringify({ ...configuration, seed: 2, run: { directory: folder, name: "second" } }));
  await train(await loadConfiguration(file));

  const whole = join(folder, "whole");
  await cp(whole, join(folder, "hostile"), { recursive: true });
  const rollouts = join(folder, "hostile", "rollouts", "step-6.jsonl");
  const [first, ...rest] = (await readFile(rollouts, "utf8")).trimEnd().split("\n");
  const line = JSON.parse(first!);
  const attacked = {
    ...line,
    text: HOSTILE,
    referenceAnswer: HOSTILE,
    family: HOSTILE,
    images: ["../../../../../etc/passwd.png"],
    tokenTexts: line.tokenTexts.map(() => HOSTILE),
  };
  await writeFile(rollouts, `${[JSON.stringify(attacked), ...rest].join("\n")}\n`);

  await cp(whole, join(folder, "broken"), { recursive: true });
  await writeFile(join(folder, "broken", "status.json"), '{"state": "fin');
  await appendFile(join(folder, "broken", "metrics.jsonl"), "not json\n");
  await mkdir(join(folder, "partial"));
  await writeFile(join(folder, "partial", "config.json"), "{}");
  await cp(whole, join(folder, "perceived"), { recursive: true });
  await rm(join(folder, "perceived", "rollouts"), { recursive: true });
  await perceive(join(folder, "perceived"));
  await makeComparison(folder);
  return { folder, run: "whole" };
}

/** As a user would: only the command line measures. */
async function perceive(run: string): Promise<void> {
  const command = fileURLToPath(new URL("../../apps/trainer/src/fovea.ts", import.meta.url));
  const args = ["--conditions=@fovea-rl/source", command, "perceive", run, "--prompts", "4", "--samples", "2"];
  await promisify(execFile)(process.execPath, args);
}

/** Held-out accuracy of the family "upper" at the end, by algorithm and seed. */
export const UPPER = { grpo: [0.5, 0.75], vppo: [0.75, 0.875] } as const;

/** A comparison as `fovea compare` leaves it, of runs with accuracies of which the intervals can be worked out by hand. */
async function makeComparison(folder: string): Promise<void> {
  const parent = join(folder, "compare");
  const runs = [];
  for (const [algorithm, accuracies] of Object.entries(UPPER)) {
    for (const [index, accuracy] of accuracies.entries()) {
      const directory = `${algorithm}-seed-${index + 1}`;
      await cp(join(folder, "whole"), join(parent, directory), { recursive: true });
      const metrics = (await readMetrics(parent, directory)).map((record) =>
        record.kind === "evaluation" && record.step === 6
          ? { ...record, metrics: { ...record.metrics, "evaluation/family/upper/accuracy": accuracy } }
          : record,
      );
      const path = join(parent, directory, "metrics.jsonl");
      await writeFile(path, metrics.map((record) => `${JSON.stringify(record)}\n`).join(""));
      runs.push({ algorithm, seed: index + 1, directory, state: "finished", after: { accuracy } });
    }
  }
  await writeFile(join(parent, "comparison.json"), JSON.stringify({ formatVersion: 1, method: "", runs, summary: [] }));
}

/** The records of a run's metrics.jsonl. */
export async function readMetrics(folder: string, run: string) {
  const text = await readFile(join(folder, run, "metrics.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; step: number; metrics: Record<string, number> });
}
