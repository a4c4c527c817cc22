import type { CreditedRollout, RolloutGroup } from "@fovea-rl/core";
import type { Batch } from "./collect-batch.ts";
import type { OptimiserReport } from "./optimise.ts";
import type { Run } from "./run.ts";

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function largest(values: readonly number[]): number {
  return values.reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY);
}

function smallest(values: readonly number[]): number {
  return values.reduce((best, value) => Math.min(best, value), Number.POSITIVE_INFINITY);
}

function standardDeviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(1, values.length - 1));
}

/** Mean and sum over all entries of typed arrays. */
function overTokens(arrays: readonly ArrayLike<number>[], value: (entry: number) => number = (entry) => entry) {
  let sum = 0;
  let count = 0;
  for (const array of arrays) {
    for (let index = 0; index < array.length; index++) sum += value(array[index]!);
    count += array.length;
  }
  return sum / count;
}

function componentMeans(rollouts: readonly CreditedRollout[]): Record<string, number> {
  const names = new Set(rollouts.flatMap(({ verdict }) => Object.keys(verdict.components)));
  names.delete("accuracy");
  return Object.fromEntries(
    [...names].map((name) => [
      `components/${name}`,
      mean(rollouts.map(({ verdict }) => verdict.components[name] ?? 0)),
    ]),
  );
}

function sampledMetrics(batch: Batch): Record<string, number> {
  const accuracies = batch.sampled.map(({ rollouts }) =>
    rollouts.map(({ verdict }) => verdict.components["accuracy"]!),
  );
  return {
    "accuracy/sampled-mean": mean(accuracies.flat()),
    "accuracy/solved-groups": mean(accuracies.map((group) => Number(smallest(group) >= 1))),
    "accuracy/unsolved-groups": mean(accuracies.map((group) => Number(largest(group) <= 0))),
    "sampling/groups": batch.sampled.length,
    "sampling/accepted-groups": batch.accepted,
    "sampling/acceptance-rate": batch.accepted / batch.sampled.length,
    "sampling/rounds": batch.rounds,
  };
}

function optimiserMetrics(run: Run, reports: readonly OptimiserReport[]): Record<string, number> {
  const norms = reports.flatMap(({ gradientNorm }) => (gradientNorm === undefined ? [] : [gradientNorm]));
  const limit = run.configuration.training.maximumGradientNorm ?? Number.POSITIVE_INFINITY;
  const lossNames = new Set(reports.flatMap(({ lossMetrics }) => Object.keys(lossMetrics)));
  return {
    ...Object.fromEntries(
      [...lossNames].map((name) => [name, mean(reports.map(({ lossMetrics }) => lossMetrics[name] ?? Number.NaN))]),
    ),
    "loss/mean": mean(reports.map(({ loss }) => loss)),
    // A remote engine's server may not tell the norm: no curve is better than a made-up one.
    ...(norms.length === 0
      ? {}
      : {
          "gradient/norm-mean": mean(norms),
          "gradient/norm-maximum": largest(norms),
          "gradient/clipped-fraction": mean(norms.map((norm) => Number(norm > limit))),
        }),
    "learning-rate": reports.at(-1)!.learningRate,
  };
}

/** Running totals of the engine's work, where it tells: `engine/tokens-sampled`, `engine/cost`, ... */
function engineUsage({ policy }: Run): Record<string, number> {
  return Object.fromEntries(Object.entries(policy.usage?.() ?? {}).map(([name, amount]) => [`engine/${name}`, amount]));
}

/** Response tokens of all rollouts sampled for a batch. */
export function sampledTokens(batch: Batch): number {
  return batch.sampled.reduce(
    (sum, { rollouts }) => sum + rollouts.reduce((tokens, rollout) => tokens + rollout.tokens.length, 0),
    0,
  );
}

/** The metrics of an update that configuration and seed determine, as docs/run-directory.md lists them. */
export function updateMetrics(
  run: Run,
  batch: Batch,
  credited: readonly RolloutGroup<CreditedRollout>[],
  algorithmMetrics: Readonly<Record<string, number>>,
  reports: readonly OptimiserReport[],
  totalTokens: number,
): Record<string, number> {
  const rollouts = credited.flatMap((group) => group.rollouts);
  const rewards = rollouts.map(({ verdict }) => verdict.reward);
  const lengths = rollouts.map(({ tokens }) => tokens.length);
  const advantages = rollouts.map(({ credit }) => credit.advantages);
  const entropies = rollouts.flatMap((rollout) => (rollout.entropies ? [rollout.entropies] : []));
  return {
    "reward/mean": mean(rewards),
    "reward/standard-deviation": standardDeviation(rewards),
    "reward/minimum": smallest(rewards),
    "reward/maximum": largest(rewards),
    "reward/unshaped-mean": batch.unshapedReward,
    "accuracy/mean": mean(rollouts.map(({ verdict }) => verdict.components["accuracy"]!)),
    ...sampledMetrics(batch),
    ...componentMeans(rollouts),
    "response/length-mean": mean(lengths),
    "response/length-minimum": smallest(lengths),
    "response/length-maximum": largest(lengths),
    "response/truncated-fraction": mean(rollouts.map(({ finishReason }) => Number(finishReason === "length"))),
    ...(entropies.length > 0 ? { "entropy/mean": overTokens(entropies) } : {}),
    "behaviour/logprob-mean": overTokens(rollouts.map(({ behaviourLogprobs }) => behaviourLogprobs)),
    "advantage/mean": overTokens(advantages),
    "advantage/absolute-mean": overTokens(advantages, Math.abs),
    "advantage/zero-fraction": overTokens(advantages, (advantage) => Number(advantage === 0)),
    ...algorithmMetrics,
    ...optimiserMetrics(run, reports),
    "tokens/response": lengths.reduce((sum, length) => sum + length, 0),
    "tokens/prompt": credited.reduce((sum, { prompt }) => sum + run.policy.promptLength(prompt), 0),
    "tokens/total": totalTokens,
    "prompts/total": batch.promptCursor,
    ...engineUsage(run),
  };
}
