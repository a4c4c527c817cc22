import { appendFile, cp, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  return { folder, run: "whole" };
}

/** The records of a run's metrics.jsonl. */
export async function readMetrics(folder: string, run: string) {
  const text = await readFile(join(folder, run, "metrics.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; step: number; metrics: Record<string, number> });
}
