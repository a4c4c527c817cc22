import type { CreditedRollout, Loss, Policy, Prompt, Rollout, RolloutGroup, SampleRequest } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";

export interface PolicySuiteSettings {
  /** A new policy with the same initial weights each time, for a training temperature of 1. */
  create(): Promise<Policy>;
  /** The same with plain gradient descent as its optimiser, where the engine has it: gradients are then checked by differences. */
  createWithGradientDescent?(): Promise<Policy>;
  /** Two or more prompts of different ids, and with images if the engine takes them. */
  readonly prompts: readonly Prompt[];
  /** Longest response drawn. Default 10. */
  readonly maximumTokens?: number;
  /** How far sampled and scored log-probabilities may lie apart. Default 1e-4. */
  readonly tolerance?: number;
  /** Rate of a training step that surely lowers the loss. Default 1e-3. */
  readonly learningRate?: number;
  /** Rate of the finite differences. Default 1e-3. */
  readonly differenceRate?: number;
}

/** The settings with their defaults, and what the suite's parts share: policies that are disposed of, requests, credit. */
export interface PolicySuite extends Required<Omit<PolicySuiteSettings, "createWithGradientDescent">> {
  readonly createWithGradientDescent?: () => Promise<Policy>;
  request(changed?: Partial<SampleRequest>, sampling?: Partial<SampleRequest["sampling"]>): SampleRequest;
  /** Freshly sampled groups with credit: the first half of a group did well, the rest badly. */
  creditedGroups(policy: Policy): Promise<readonly RolloutGroup<CreditedRollout>[]>;
}

export function policySuite(settings: PolicySuiteSettings): PolicySuite {
  const { maximumTokens = 10, tolerance = 1e-4, learningRate = 1e-3, differenceRate = 1e-3 } = settings;
  const { prompts } = settings;
  const request: PolicySuite["request"] = (changed = {}, sampling = {}) => ({
    prompts,
    samplesPerPrompt: 4,
    sampling: { temperature: 1, topP: 1, topK: 0, maximumTokens, ...sampling },
    randomKey: { seed: 11, purpose: "sample", step: 0 },
    ...changed,
  });
  return {
    ...settings,
    maximumTokens,
    tolerance,
    learningRate,
    differenceRate,
    request,
    creditedGroups: async (policy) =>
      withAdvantages(await policy.sample(request()), ({ sampleIndex }) => (sampleIndex < 2 ? 1 : -0.5)),
  };
}

export function withAdvantages(
  groups: readonly RolloutGroup<Rollout>[],
  advantage: (rollout: Rollout) => number,
): readonly RolloutGroup<CreditedRollout>[] {
  return groups.map((group) => ({
    ...group,
    rollouts: group.rollouts.map((rollout) => ({
      ...rollout,
      verdict: { reward: 0, components: {} },
      credit: { advantages: new Float32Array(rollout.tokens.length).fill(advantage(rollout)) },
    })),
  }));
}

/** Minus the mean over tokens of advantage times log-probability. */
export const policyGradientLoss: Loss = {
  columns: [],
  compute: ({ logprobs, advantages, mask, miniBatch }) => ({
    loss: tf.div(tf.neg(tf.sum(tf.mul(tf.mul(logprobs, advantages), mask))), miniBatch.tokens),
    metrics: { "logprob/mean": tf.div(tf.sum(tf.mul(logprobs, mask)), miniBatch.tokens) },
  }),
};

/** Largest difference between numbers of two arrays; `Infinity` if they differ in length. */
export function largestDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  if (left.length !== right.length) return Number.POSITIVE_INFINITY;
  return Array.from(left, (value, index) => Math.abs(value - right[index]!)).reduce((a, b) => Math.max(a, b), 0);
}

/** Runs with a new policy, and disposes of it whatever happens. */
export async function using<Result>(
  create: () => Promise<Policy>,
  run: (policy: Policy) => Promise<Result>,
): Promise<Result> {
  const policy = await create();
  try {
    return await run(policy);
  } finally {
    await policy.dispose();
  }
}

export function expectAllFinite(values: ArrayLike<number>): void {
  expect(Array.from(values).filter((value) => !Number.isFinite(value))).toEqual([]);
}
