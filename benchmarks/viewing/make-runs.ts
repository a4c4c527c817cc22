import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RandomGenerator, randomGenerator } from "@fovea-rl/core";

/** Sizes of the runs that the viewer is measured with. */
export interface RunSizes {
  readonly runs: number;
  readonly steps: number;
  /** In all; half of them in one run. */
  readonly rollouts: number;
}

const METRICS = [
  "reward/mean reward/standard-deviation reward/minimum reward/maximum reward/unshaped-mean accuracy/mean accuracy/sampled-mean",
  "accuracy/solved-groups accuracy/unsolved-groups sampling/groups sampling/accepted-groups sampling/acceptance-rate",
  "response/length-mean response/length-minimum response/length-maximum response/truncated-fraction entropy/mean",
  "behaviour/logprob-mean advantage/mean advantage/absolute-mean advantage/zero-fraction dependency/mean dependency/max",
  "dependency/top-10-share dependency/top-20-share dependency/top-40-share dependency/trajectory-mean shaping/beta-max",
  "filtering/weight-mean loss/policy loss/entropy-penalty ratio/mean ratio/clip-fraction-high kl/behaviour loss/mean",
  "gradient/norm-mean gradient/norm-maximum gradient/clipped-fraction learning-rate tokens/response tokens/total",
]
  .join(" ")
  .split(" ");
const TIMINGS = ["sample", "verify", "advantage", "gradient", "step", "update"].map((phase) => `time/${phase}-seconds`);
const FAMILIES = ["sum", "product", "largest", "count", "read"];
const WORDS = ["<think>", "the ", "digit ", "is ", "3", "7", ",", "so ", "\\boxed{", "}", "</think>", "10", "sum "];

async function writeLines(path: string, count: number, line: (index: number) => unknown): Promise<void> {
  const stream = createWriteStream(path);
  for (let start = 0; start < count; start += 500) {
    let text = "";
    for (let index = start; index < Math.min(count, start + 500); index++) text += `${JSON.stringify(line(index))}\n`;
    if (!stream.write(text)) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "close");
}

function numbers(names: readonly string[], step: number, random: RandomGenerator): Record<string, number> {
  return Object.fromEntries(
    names.map((name, index) => [name, Math.tanh(step / 3000 + index / 10) + 0.1 * (random.uniform() - 0.5)]),
  );
}

function rollout(step: number, index: number, random: RandomGenerator) {
  const length = 16 + random.integer(32);
  const row = (scale: number) => Array.from({ length }, () => Number((scale * random.uniform()).toPrecision(7)));
  const tokens = Array.from({ length }, () => random.integer(WORDS.length));
  const isRight = random.uniform() < 0.6;
  return {
    step,
    promptId: `prompt-${step}-${Math.floor(index / 8)}`,
    sampleIndex: index % 8,
    prompt: [{ role: "user", content: [{ type: "text", text: "What is the sum?" }] }],
    family: FAMILIES[Math.floor(index / 8) % FAMILIES.length],
    referenceAnswer: String(random.integer(20)),
    images: [],
    text: tokens.map((token) => WORDS[token]).join(""),
    finishReason: "stop",
    reward: isRight ? 1 : 0,
    components: { accuracy: isRight ? 1 : 0 },
    tokens,
    tokenTexts: tokens.map((token) => WORDS[token]),
    behaviourLogprobs: row(-2),
    entropies: row(1),
    advantages: row(1),
    columns: {
      tokenWeights: row(1).map((value) => (value > 0.6 ? 1 : 0)),
      dependency: row(1).map((value) => value ** 8),
    },
  };
}

/** Writes runs in the documented format: numbers are drawn, sizes are real. */
export async function makeRuns(folder: string, sizes: RunSizes): Promise<void> {
  for (let run = 0; run < sizes.runs; run++) {
    const random = randomGenerator({ seed: 1, purpose: "viewer-benchmark", step: run });
    const name = `digits-${["grpo", "dapo", "vppo"][run % 3]}-seed-${Math.floor(run / 3) + 1}`;
    const directory = join(folder, name);
    await mkdir(join(directory, "rollouts"), { recursive: true });
    const createdAt = new Date(Date.UTC(2026, 0, 1) - run * 3_600_000).toISOString();
    const estimate = { accuracy: 0.5, low: 0.45, high: 0.55, prompts: 1000 };
    const write = (file: string, value: unknown) => writeFile(join(directory, file), JSON.stringify(value));
    await write("config.json", {
      formatVersion: 1,
      seed: Math.floor(run / 3) + 1,
      run: { name },
      algorithm: { use: ["grpo", "dapo", "vppo"][run % 3], options: {} },
      training: { updates: sizes.steps, learningRate: { peak: 1e-4 } },
    });
    await write("manifest.json", {
      formatVersion: 1,
      createdAt,
      algorithm: ["grpo", "dapo", "vppo"][run % 3],
      task: "digits",
    });
    await write("status.json", {
      state: "finished",
      step: sizes.steps,
      updates: sizes.steps,
      startedAt: createdAt,
      updatedAt: createdAt,
      before: estimate,
      after: { ...estimate, accuracy: 0.7 },
      trainingSeconds: 5000,
      totalTokens: 1e7,
    });
    await writeLines(join(directory, "metrics.jsonl"), sizes.steps, (index) =>
      (index + 1) % 500 === 0
        ? {
            kind: "evaluation",
            step: index + 1,
            metrics: { "evaluation/accuracy": 0.5 + 0.2 * Math.tanh(index / 3000) },
          }
        : { kind: "update", step: index + 1, metrics: numbers(METRICS, index, random) },
    );
    await writeLines(join(directory, "timings.jsonl"), sizes.steps, (index) => ({
      kind: "update",
      step: index + 1,
      finishedAt: createdAt,
      timings: numbers(TIMINGS, index, random),
    }));
    const own = run === 0 ? sizes.rollouts / 2 : Math.round(sizes.rollouts / 2 / (sizes.runs - 1));
    const files = Math.min(50, Math.ceil(own / 40));
    for (let file = 0; file < files; file++) {
      const step = Math.round(((file + 1) * sizes.steps) / files);
      const count = Math.floor(((file + 1) * own) / files) - Math.floor((file * own) / files);
      const path = join(directory, "rollouts", `step-${step}.jsonl`);
      await writeLines(path, count, (index) => rollout(step, index, random));
    }
  }
}
