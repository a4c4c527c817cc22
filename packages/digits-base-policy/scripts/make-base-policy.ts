/**
 * Makes the checkpoint of this package, from a seed: `pnpm --filter @fovea-rl/digits-base-policy make`.
 *
 * A freshly initialised SmolVLM imitates right answers about composites of very few handwritten digits. It learns the format
 * and the arithmetic, and to read digits badly: what reinforcement learning is then to improve. Some labels are wrong on
 * purpose, so that the policy stays unsure of what it reads and its samples differ. More labels leave too little to improve;
 * fewer steps leave a policy that does not use what it reads.
 */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Policy, type Prompt, randomGenerator, type Task } from "@fovea-rl/core";
import {
  policyOptionsSchema,
  readModelConfig,
  readTokenizer,
  TfjsPolicy,
  writeModelWeights,
} from "@fovea-rl/policy-tfjs";
import { boxedAnswerVerifier } from "@fovea-rl/rewards";
import {
  composeExample,
  type DigitSet,
  demonstration,
  digitsOptionsSchema,
  digitsPrompt,
  digitsTask,
  readHandwrittenDigits,
} from "@fovea-rl/tasks";
import { checkpointFiles } from "./checkpoint-files.ts";
import { initialWeights } from "./initial-weights.ts";
import { learnFromDemonstrations } from "./supervised-learning.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    output: { type: "string", default: fileURLToPath(new URL("../checkpoint", import.meta.url)) },
    backend: { type: "string", default: "wasm" },
    steps: { type: "string", default: "500" },
    batch: { type: "string", default: "64" },
    "learning-rate": { type: "string", default: "0.003" },
    /** Labelled digits of each class. */
    "digits-per-class": { type: "string", default: "3" },
    /** Share of labels that are replaced by random ones. */
    "label-noise": { type: "string", default: "0.1" },
    "report-every": { type: "string", default: "100" },
  },
});
const seed = Number(values.seed);
const labelNoise = Number(values["label-noise"]);
const digitsPerClass = Number(values["digits-per-class"]);
const data = readHandwrittenDigits();
const options = digitsOptionsSchema.parse({});

/** The first few digits of each class in a random order of the training digits: all the labels there are. */
function labelledDigits(): number[] {
  const order = randomGenerator({ seed, purpose: "labelled-digits" }).permutation(data.train.size);
  const counts = new Array<number>(10).fill(0);
  return [...order].filter((index) => counts[data.train.label(index)]!++ < digitsPerClass);
}

/** Greedy accuracy on held-out prompts. */
async function accuracy(policy: Policy, task: Task, prompts: number): Promise<number> {
  const verifier = boxedAnswerVerifier({ comparison: "exact", tolerance: 0, thinking: "excluded" });
  const asked: Prompt[] = [];
  for (let index = 0; index < prompts; index++) asked.push(await task.prompt("held-out", index));
  const sampling = { temperature: 0, topP: 1, topK: 0, maximumTokens: 16 };
  const groups = await policy.sample({
    prompts: asked,
    samplesPerPrompt: 1,
    sampling,
    randomKey: { seed, purpose: "evaluate" },
  });
  let right = 0;
  for (const { prompt, rollouts } of groups) right += (await verifier.verify(prompt, rollouts[0]!)).reward;
  return right / prompts;
}

await mkdir(values.output, { recursive: true });
for (const [name, content] of Object.entries(checkpointFiles)) {
  await writeFile(join(values.output, name), content);
}
const config = await readModelConfig(values.output);
const tokenizer = await readTokenizer(values.output, config);
await writeModelWeights(values.output, initialWeights(config, seed));

const policyOptions = policyOptionsSchema.parse({
  model: values.output,
  backend: values.backend,
  optimiser: { beta2: 0.99, weightDecay: 0.01 },
});
const policy = await TfjsPolicy.create(policyOptions, { seed, trainingTemperature: 1 });
console.log(policy.describe());
const task = digitsTask(options, seed, data);
const pool = labelledDigits();
const start = performance.now();

await learnFromDemonstrations(policy, {
  steps: Number(values.steps),
  batchSize: Number(values.batch),
  peakLearningRate: Number(values["learning-rate"]),
  warmUpSteps: 50,
  demonstration: (index) => {
    const random = randomGenerator({ seed, purpose: "label-noise", step: index });
    const noisyDigits: DigitSet = {
      ...data.train,
      label: (digit) => (random.uniform() < labelNoise ? random.integer(10) : data.train.label(digit)),
    };
    const example = composeExample(options, noisyDigits, { seed, purpose: "warm-start", index }, pool);
    const text = `${demonstration(example.scene, example.question)}<end_of_utterance>`;
    return { prompt: digitsPrompt(`warm-start/${index}`, example), tokens: tokenizer.encode(text) };
  },
  onStep: async (step, loss) => {
    if ((step + 1) % Number(values["report-every"]) !== 0) return;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const heldOut = (100 * (await accuracy(policy, task, 500))).toFixed(1);
    console.log(`step ${step + 1}: loss ${loss.toFixed(4)}, held-out accuracy ${heldOut} %, ${seconds} s`);
  },
});

console.log(`held-out accuracy on 1000: ${(100 * (await accuracy(policy, task, 1000))).toFixed(1)} %`);
const saved = await mkdtemp(join(tmpdir(), "fovea-base-policy-"));
await policy.save(saved);
// The engine's own state (optimiser moments) stays behind: a base policy starts afresh.
await copyFile(join(saved, "model.safetensors"), join(values.output, "model.safetensors"));
await rm(saved, { recursive: true });
console.log(`weights ${await policy.fingerprint()}`);
await policy.dispose();
