import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import dapo from "@fovea-rl/algo-dapo";
import grpo from "@fovea-rl/algo-grpo";
import vppo from "@fovea-rl/algo-vppo";
import {
  type Advantage,
  type AlgorithmDefinition,
  type CreditedRollout,
  composeRun,
  type Loss,
  type Policy,
  type RolloutGroup,
  Services,
  type Task,
} from "@fovea-rl/core";
import { policyOptionsSchema as embeddedOptionsSchema, readModelWeights, TfjsPolicy } from "@fovea-rl/policy-tfjs";
import { digits, digitsOptionsSchema } from "@fovea-rl/tasks";
import { type RunningServer, SERVER_DEFAULTS, startTinkerServer } from "@fovea-rl/tinker-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyOptionsSchema, TinkerPolicy } from "./index.ts";

const UPDATES = 20;
const PROMPTS = 2;
const SAMPLES = 3;
const SEED = 5;
const LEARNING_RATE = 1e-4;
const context = {
  seed: SEED,
  trainingTemperature: 1,
  baseDirectory: import.meta.dirname,
  packageDirectories: [import.meta.dirname],
};

let server: RunningServer;
let directory: string;
let task: Task;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "fovea-remote-"));
  task = await digits.create(digitsOptionsSchema.parse({}), { seed: SEED });
  server = await startTinkerServer({ ...SERVER_DEFAULTS, port: 0, baseDirectory: import.meta.dirname, directory });
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

function openRemote(options: Record<string, unknown> = {}): Promise<TinkerPolicy> {
  return TinkerPolicy.create(policyOptionsSchema.parse({ server: { url: server.url }, ...options }), context);
}

/** Twenty updates of the trainer's pipeline, with two optimiser steps each: the second is off-policy. */
async function train(policy: Policy, algorithm: AlgorithmDefinition, options: unknown): Promise<string[]> {
  const container = composeRun({
    algorithm,
    algorithmOptions: options,
    policy,
    task,
    verifiers: [],
    recorders: [],
  });
  const advantage = container.get<Advantage>(Services.Advantage);
  const loss = container.get<Loss>(Services.Loss);
  const texts: string[] = [];
  for (let step = 0; step < UPDATES; step++) {
    const prompts = await Promise.all(
      Array.from({ length: PROMPTS }, (_, index) => task.prompt("train", step * PROMPTS + index)),
    );
    const sampled = await policy.sample({
      prompts,
      samplesPerPrompt: SAMPLES,
      sampling: { temperature: 1, topP: 1, topK: 0, maximumTokens: 8 },
      randomKey: { seed: SEED, purpose: "sample", step },
    });
    // A reward with spread in every group, so that each update trains.
    const groups = sampled.map(({ prompt, rollouts }) => ({
      prompt,
      rollouts: rollouts.map((rollout) => ({
        ...rollout,
        verdict: {
          reward: Math.sin(rollout.tokens.reduce((sum, token) => 3 * sum + token, 0)),
          components: { accuracy: 0.5 },
        },
      })),
    }));
    texts.push(...groups.flatMap(({ rollouts }) => rollouts.map(({ text }) => text)));
    const miniBatches = [[0], [1]];
    const { credit } = await advantage.estimate({ groups, miniBatches, step, seed: SEED });
    for (const members of miniBatches) {
      const batch = members.map(
        (member): RolloutGroup<CreditedRollout> => ({
          prompt: groups[member]!.prompt,
          rollouts: groups[member]!.rollouts.map((rollout, index) => ({ ...rollout, credit: credit[member]![index]! })),
        }),
      );
      await policy.accumulateGradients({ groups: batch, loss });
      await policy.step({ learningRate: LEARNING_RATE, maximumGradientNorm: 1 });
    }
  }
  return texts;
}

function embedded(): Promise<TfjsPolicy> {
  return TfjsPolicy.create(embeddedOptionsSchema.parse({}), context);
}

/** All weights of a checkpoint directory, by name. */
async function weightsOf(policy: TfjsPolicy): Promise<Map<string, Float32Array>> {
  const place = mkdtempSync(join(directory, "weights-"));
  await policy.save(place);
  const weights = await readModelWeights(place);
  return new Map([...weights].map(([name, { data }]) => [name, data as Float32Array]));
}

/** A policy with what a remote one has saved, read from the server's own directory. */
async function fetched(remote: TinkerPolicy): Promise<TfjsPolicy> {
  const place = mkdtempSync(join(directory, "checkpoint-"));
  await remote.save(place);
  const { weights } = JSON.parse(readFileSync(join(place, "tinker-checkpoint.json"), "utf8"));
  const policy = await embedded();
  await policy.load(join(directory, weights.replace("tinker://", "").replaceAll(":", "_")));
  return policy;
}

/** Largest difference of any weight. */
function distance(left: ReadonlyMap<string, Float32Array>, right: ReadonlyMap<string, Float32Array>): number {
  let largest = 0;
  for (const [name, values] of left) {
    values.forEach((value, index) => {
      largest = Math.max(largest, Math.abs(value - right.get(name)![index]!));
    });
  }
  return largest;
}

describe.each([
  { name: "GRPO", algorithm: grpo as AlgorithmDefinition, scores: true },
  // DAPO's clipped surrogate is the server's own "ppo": no forward pass is needed.
  { name: "DAPO", algorithm: dapo as AlgorithmDefinition, scores: false },
  { name: "VPPO", algorithm: vppo as AlgorithmDefinition, scores: true },
])("$name", ({ algorithm, scores }) => {
  it("reaches the same weights here and through a server", { timeout: 240_000 }, async () => {
    const options = await algorithm.optionsSchema["~standard"].validate({});
    if (options.issues) throw new Error(options.issues[0]!.message);
    const [local, remote] = [await embedded(), await openRemote()];
    const initial = await weightsOf(local);
    expect(await train(remote, algorithm, options.value)).toEqual(await train(local, algorithm, options.value));
    const trained = await weightsOf(local);
    const elsewhere = await weightsOf(await fetched(remote));
    // Adam divides by the gradient's own size, so that rounding in a gradient near 0 can be a visible part of a step.
    expect(distance(trained, initial)).toBeGreaterThan(10 * LEARNING_RATE);
    expect(distance(trained, elsewhere)).toBeLessThan(0.01 * LEARNING_RATE);
    expect(remote.tokenUsage.scored > 0).toBe(scores);
    expect([...server.optimiserSteps().values()].at(-1)).toBe(2 * UPDATES);
    expect(remote.tokenUsage.trained).toBeGreaterThan(0);
    await remote.dispose();
    await local.dispose();
  });
});
