/**
 * Our side: a process that loads one workload on one backend, and executes one measurement per line of standard input. The
 * first argument is the workload's file, the second the engine's options as JSON.
 */
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { isMainThread } from "node:worker_threads";
import dapo from "@fovea-rl/algo-dapo";
import grpo from "@fovea-rl/algo-grpo";
import vppo from "@fovea-rl/algo-vppo";
import {
  type Advantage,
  type AlgorithmDefinition,
  type CreditedRollout,
  composeRun,
  type Loss,
  type Prompt,
  type Rollout,
  type RolloutGroup,
  Services,
} from "@fovea-rl/core";
import { PerceptionProbe, perceptionOptionsSchema } from "@fovea-rl/perception";
import { policyOptionsSchema, TfjsPolicy } from "@fovea-rl/policy-tfjs";
import * as tf from "@tensorflow/tfjs-core";
import { ModelKernels } from "../../packages/policy-tfjs/src/wasm-model/model-kernels.ts";
import { forwardCost } from "./pass-cost.ts";
import { residentMemory } from "./resident-memory.ts";
import type { Workload } from "./workload.ts";

/** One measurement. `seconds` is the work alone; everything else is what the peers are compared by. */
export interface Measurement {
  readonly seconds: number;
  readonly [name: string]: unknown;
}

interface Parts {
  readonly advantage: Advantage;
  readonly loss: Loss;
}

type ComposedAlgorithm = [AlgorithmDefinition<never>, object];

const dapoWith = (entropyPenalty: number): ComposedAlgorithm => [
  dapo as AlgorithmDefinition<never>,
  { dynamicSampling: false, entropyPenalty },
];
const vppoWith = (sharing: "prompt" | "rollout", entropyPenalty: number): ComposedAlgorithm => [
  vppo as AlgorithmDefinition<never>,
  { base: { dynamicSampling: false, dualClip: null }, perception: { sharing }, entropyPenalty },
];

/** VPPO and DAPO with the published entropy penalty, and without one, as the default run has it: then VPPO's masked tokens have no gradient. */
const ALGORITHMS: Readonly<Record<string, ComposedAlgorithm>> = {
  grpo: [grpo as AlgorithmDefinition<never>, {}],
  dapo: dapoWith(0.06),
  "vppo-prompt": vppoWith("prompt", 0.06),
  "vppo-rollout": vppoWith("rollout", 0.06),
  "dapo unpenalised": dapoWith(0),
  "vppo-prompt unpenalised": vppoWith("prompt", 0),
  "vppo-rollout unpenalised": vppoWith("rollout", 0),
};

async function partsOf(name: string, policy: TfjsPolicy): Promise<Parts> {
  const [algorithm, given] = ALGORITHMS[name]!;
  const options = await algorithm.optionsSchema["~standard"].validate(given);
  if (options.issues !== undefined) throw new Error(`${name}: ${JSON.stringify(options.issues)}`);
  const task = {
    name: "benchmark",
    size: () => 0,
    prompt: () => Promise.reject(new Error("prompts are given")),
    fingerprint: () => "",
  };
  const container = composeRun({
    algorithm,
    algorithmOptions: options.value,
    policy,
    task,
    verifiers: [],
    recorders: [],
  });
  return { advantage: container.get(Services.Advantage), loss: container.get(Services.Loss) };
}

function readPrompts(workload: Workload): readonly Prompt[] {
  return workload.prompts.map(({ id, question, images }) => ({
    id,
    messages: [
      {
        role: "user",
        content: [
          ...images.map((_, index) => ({ type: "image", index }) as const),
          { type: "text", text: question } as const,
        ],
      },
    ],
    images: images.map(({ width, height, data }) => ({
      width,
      height,
      data: new Uint8Array(Buffer.from(data, "base64")),
    })),
    referenceAnswer: "",
  }));
}

/** The best of a few runs, in floating-point operations per second. */
async function bestRate(flops: number, work: () => Promise<void>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 8; repeat++) {
    const start = performance.now();
    await work();
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return flops / best;
}

/** Products of square matrices, by what the engine multiplies with: kernels of our own on wasm, else TensorFlow.js. */
async function matmulPeak(size: number): Promise<number> {
  const flops = 2 * size ** 3;
  if (tf.getBackend() === "wasm") {
    const kernels = new ModelKernels();
    const [a, b, c] = [kernels.zeros(size * size), kernels.zeros(size * size), kernels.zeros(size * size)];
    return bestRate(flops, async () => kernels.run.product(a, b, 0, c, size, size, size, 0));
  }
  const [a, b] = [tf.randomUniform([size, size]), tf.randomUniform([size, size])];
  const rate = await bestRate(flops, async () => {
    const product = tf.matMul(a, b);
    await product.data();
    product.dispose();
  });
  tf.dispose([a, b]);
  return rate;
}

async function start(workloadFile: string, options: object) {
  const workload = JSON.parse(await readFile(workloadFile, "utf8")) as Workload;
  const policy = await TfjsPolicy.create(policyOptionsSchema.parse({ model: workload.modelDirectory, ...options }), {
    seed: 1,
    trainingTemperature: 1,
  });
  const prompts = readPrompts(workload);
  const responses = workload.responses.map((group) => group.map((tokens) => Int32Array.from(tokens)));
  const requests = prompts.map((prompt, index) => ({ prompt, responses: responses[index]! }));
  let step = 0;
  let known: readonly RolloutGroup<Rollout>[] | undefined;

  /** The given responses as rollouts of the current policy. */
  async function givenGroups(): Promise<readonly RolloutGroup<Rollout>[]> {
    if (known !== undefined) return known;
    const scores = await policy.score(requests);
    known = requests.map(({ prompt, responses }, group) => ({
      prompt,
      rollouts: responses.map(
        (tokens, sampleIndex): Rollout => ({
          promptId: prompt.id,
          sampleIndex,
          tokens,
          behaviourLogprobs: scores[group]![sampleIndex]!.logprobs,
          text: "",
          finishReason: "length",
        }),
      ),
    }));
    return known;
  }

  /** Verdicts are given, not computed: grading takes microseconds, and the peers' reward is given too. */
  function graded(groups: readonly RolloutGroup<Rollout>[]): readonly RolloutGroup[] {
    return groups.map(({ prompt, rollouts }, group) => ({
      prompt,
      rollouts: rollouts.map((rollout, index) => {
        const reward = workload.rewards[group]![index]!;
        return { ...rollout, verdict: { reward, components: { accuracy: reward } } };
      }),
    }));
  }

  async function credit(parts: Parts, groups: readonly RolloutGroup[]): Promise<RolloutGroup<CreditedRollout>[]> {
    const miniBatches = [[...groups.keys()]];
    const output = await parts.advantage.estimate({ groups, miniBatches, step, seed: 1 });
    return groups.map(({ prompt, rollouts }, group) => ({
      prompt,
      rollouts: rollouts.map((rollout, index) => ({ ...rollout, credit: output.credit[group]![index]! })),
    }));
  }

  async function train(loss: Loss, groups: readonly RolloutGroup<CreditedRollout>[], learningRate: number) {
    const report = await policy.accumulateGradients({ groups, loss });
    const { gradientNorm } = await policy.step({ learningRate, maximumGradientNorm: 1 });
    return { loss: report.loss, gradientNorm };
  }

  function sample(): Promise<readonly RolloutGroup<Rollout>[]> {
    return policy.sample({
      prompts,
      samplesPerPrompt: workload.groupSize,
      sampling: { temperature: 1, topP: 1, topK: 0, maximumTokens: workload.responseLength },
      randomKey: { seed: 1, purpose: "benchmark", step: step++ },
    });
  }

  const countTokens = (groups: readonly RolloutGroup<Rollout>[]) =>
    groups.flatMap(({ rollouts }) => rollouts).reduce((sum, { tokens }) => sum + tokens.length, 0);

  async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
    const begin = performance.now();
    const result = await work();
    return [result, (performance.now() - begin) / 1000];
  }

  /** Groups of one: the same tokens without anything shared. */
  const alone = <R extends Rollout>(groups: readonly RolloutGroup<R>[]) =>
    groups.flatMap(({ prompt, rollouts }) => rollouts.map((rollout) => ({ prompt, rollouts: [rollout] })));

  const operations: Record<string, (argument: Record<string, unknown>) => Promise<Measurement>> = {
    describe: async () => ({
      seconds: 0,
      ...policy.describe(),
      promptTokens: prompts.map((prompt) => policy.promptLength(prompt)),
      forwardCost: forwardCost(
        policy.modelConfig,
        { prompts: prompts.length, groupSize: workload.groupSize, responseLength: workload.responseLength },
        policy.promptLength(prompts[0]!),
        prompts[0]!.images.length,
      ),
    }),
    sample: async () => {
      const [groups, seconds] = await timed(sample);
      return { seconds, tokens: countTokens(groups) };
    },
    score: async ({ values }) => {
      const [scores, seconds] = await timed(() => policy.score(requests));
      const logprobs = scores.map((group) => group.map((score) => [...score.logprobs]));
      return { seconds, ...(values === true ? { logprobs } : {}) };
    },
    train: async ({ shared = true }) => {
      const { loss } = await partsOf("dapo", policy);
      const groups = await credit(await partsOf("dapo", policy), graded(await givenGroups()));
      const trained = shared === true ? groups : alone(groups);
      const [report, seconds] = await timed(() => train(loss, trained, 0));
      return { seconds, ...report };
    },
    perturbed: async ({ sharing }) => {
      const groups = await givenGroups();
      const probe = new PerceptionProbe(policy, perceptionOptionsSchema.parse({ sharing }));
      const [, seconds] = await timed(() => probe.measure(groups, { seed: 1, step }));
      return { seconds };
    },
    update: async ({ algorithm }) => {
      const parts = await partsOf(algorithm as string, policy);
      if (algorithm === "grpo") await policy.score([requests[0]!], { model: "reference" });
      const [phases, seconds] = await timed(async () => {
        const [sampled, sampleSeconds] = await timed(sample);
        const [credited, advantageSeconds] = await timed(() => credit(parts, graded(sampled)));
        const [, trainSeconds] = await timed(() => train(parts.loss, credited, 0));
        return { sampleSeconds, advantageSeconds, trainSeconds, tokens: countTokens(sampled) };
      });
      return { seconds, ...phases };
    },
    memory: async () => ({ seconds: 0, ...(await residentMemory()) }),
    matmul: async ({ size }) => ({ seconds: 0, flops: await matmulPeak(size as number) }),
    kernels: async ({ pass }) => {
      const operation = operations[pass as string]!;
      await operation({ algorithm: "dapo", sharing: "prompt" });
      const counts = new Map<string, number>();
      const profile = await tf.profile(async () => {
        await operation({ algorithm: "dapo", sharing: "prompt" });
        return tf.scalar(0);
      });
      // Scopes of tidy and of custom gradients are listed too, in small letters; they launch nothing.
      const launched = profile.kernels.filter(({ name }) => /^[A-Z]/.test(name));
      for (const { name } of launched) counts.set(name, (counts.get(name) ?? 0) + 1);
      return { seconds: 0, total: launched.length, kernels: Object.fromEntries(counts) };
    },
  };
  return operations;
}

if (isMainThread) {
  const [workloadFile, options] = process.argv.slice(2);
  const operations = await start(workloadFile!, JSON.parse(options!) as object);
  const reply = (value: object) => process.stdout.write(`@${JSON.stringify(value)}\n`);
  reply({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const { operation, ...argument } = JSON.parse(line) as { operation: string };
    try {
      const before = process.cpuUsage();
      const answer = await operations[operation]!(argument);
      const used = process.cpuUsage(before);
      reply({ processorSeconds: (used.user + used.system) / 1e6, ...answer });
    } catch (error) {
      reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  process.exit(0);
}
