// Registers the gradients and the CPU backend.
import "@tensorflow/tfjs";
import {
  type Advantage,
  type AdvantageInput,
  type AlgorithmDefinition,
  type Capability,
  composeRun,
  createLossInput,
  type ExtraPasses,
  evaluateLoss,
  type Loss,
  miniBatchSize,
  type Policy,
  padRows,
  type RolloutGroup,
  type ScoredLossRollout,
  Services,
  validateCredit,
} from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { advantageInput, gradedGroups, groupSketches, scoredMiniBatches, scoringPolicy } from "./arbitrary-rollouts.ts";
import { expectClose } from "./close-to.ts";
import { describeOptions } from "./describe-options.ts";
import { SUITE_TIMEOUT } from "./suite-timeout.ts";
import { TabularPolicy } from "./tabular-policy.ts";
import { TabularTask } from "./tabular-task.ts";
import { trainTabular } from "./train-tabular.ts";
import { validatedOptions } from "./validated-options.ts";

export interface AlgorithmSuiteSettings {
  /** Options to run the suite with, by a name for the report, besides `{}`. */
  readonly variants?: Readonly<Record<string, unknown>>;
  /** Variants in which a group of equal rewards may have an advantage all the same (e.g. a critic, or a shaped reward). */
  readonly advantageWithoutSpread?: readonly string[];
  /** Variants that must train a small policy to answer better, some seconds each. Default only `{}`, named "defaults". */
  readonly trained?: readonly string[];
  /** Arbitrary updates tried for each property. Default 12. */
  readonly runs?: number;
}

/**
 * What every algorithm must hold to, whatever it computes. Call it in a test file of the algorithm's package:
 * `describeAlgorithm(definition, { variants: { "no KL": { klCoefficient: 0 } } })`.
 */
export function describeAlgorithm<Options>(
  definition: AlgorithmDefinition<Options>,
  { variants = {}, advantageWithoutSpread = [], trained = ["defaults"], runs = 12 }: AlgorithmSuiteSettings = {},
): void {
  describe.each(Object.entries({ defaults: {}, ...variants }))(
    `the algorithm ${definition.name}, %s`,
    { timeout: SUITE_TIMEOUT },
    (name, given) => {
      let options: Options;
      let requirements: readonly Capability[];
      let advantage: Advantage;
      let loss: Loss;

      function compose(policy: Policy) {
        const task = new TabularTask({ trainPrompts: 0, heldOutPrompts: 1, imageSize: 8 }, 0);
        const parts = { algorithm: definition, algorithmOptions: options, task, policy, verifiers: [], recorders: [] };
        return composeRun(parts);
      }

      beforeAll(async () => {
        options = await validatedOptions(definition.optionsSchema, given);
        requirements = definition.requirements(options);
        const container = compose(onlyCapable(requirements));
        advantage = container.get(Services.Advantage);
        loss = container.get(Services.Loss);
      });

      const holds = (property: (groups: readonly RolloutGroup[]) => Promise<void>) =>
        fc.assert(
          fc.asyncProperty(groupSketches, async (sketches) => property(await gradedGroups(sketches))),
          { numRuns: runs },
        );
      const estimate = async (input: AdvantageInput) => advantage.estimate(input);

      describeOptions(definition, given);

      it("is refused by an engine that lacks what it needs, in words that name both", () => {
        for (const missing of requirements) {
          const policy = onlyCapable(requirements.filter((capability) => capability !== missing));
          expect(() => compose(policy)).toThrow(`"${definition.name}"`);
          expect(() => compose(policy)).toThrow(`"${missing}"`);
          expect(() => compose(policy)).toThrow(`"${policy.name}"`);
        }
      });

      it("asks the engine for no more passes than its extraPasses says", async () => {
        const groups = await gradedGroups([
          { hasImage: true, rollouts: [1, 0].map((reward) => ({ tokens: [1, 2, 3], reward })) },
          { hasImage: true, rollouts: [0, 1].map((reward) => ({ tokens: [2, 3], reward })) },
        ]);
        const tokens = groups
          .flatMap(({ rollouts }) => rollouts)
          .reduce((sum, rollout) => sum + rollout.tokens.length, 0);
        const passes = await countPasses(onlyCapable(requirements), tokens, async (policy) => {
          await compose(policy).get(Services.Advantage).estimate(advantageInput(groups));
        });
        const said = definition.extraPasses?.(options) ?? { current: 0, reference: 0 };
        expect(passes.current, "under the policy being trained").toBeLessThanOrEqual(said.current);
        expect(passes.reference, "under the reference policy").toBeLessThanOrEqual(said.reference);
      });

      it("gives every token of every rollout finite credit and the columns that its loss reads", () =>
        holds(async (groups) => {
          validateCredit(definition.name, loss, groups, await estimate(advantageInput(groups)));
        }));

      it("gives the same credit for the same update, and leaves the update as it was", () =>
        holds(async (groups) => {
          const input = advantageInput(groups);
          const before = structuredClone(groups);
          const output = await estimate(input);
          expect(await estimate(input)).toEqual(output);
          expect(groups).toEqual(before);
        }));

      it.skipIf(advantageWithoutSpread.includes(name))("gives a group of equal rewards exactly zero advantage", () =>
        holds(async (groups) => {
          const equal = groups.map((group) => ({
            ...group,
            rollouts: group.rollouts.map((rollout) => ({
              ...rollout,
              verdict: { reward: 0.1, components: { accuracy: 0.1 } },
            })),
          }));
          const { credit } = await estimate(advantageInput(equal));
          for (const { advantages } of credit.flat()) expect(advantages.every((value) => value === 0)).toBe(true);
        }),
      );

      it("permutes its credit with the groups and the rollouts", () =>
        holds(async (groups) => {
          const { miniBatches, ...input } = advantageInput(groups);
          const straight = await estimate({ ...input, miniBatches });
          const last = groups.length - 1;
          const reversed = await estimate({
            ...input,
            groups: groups.toReversed().map((group) => ({ ...group, rollouts: group.rollouts.toReversed() })),
            miniBatches: miniBatches
              .toReversed()
              .map((miniBatch) => miniBatch.map((group) => last - group).toReversed()),
          });
          expectClose(
            reversed.credit.toReversed().map((group) => group.toReversed()),
            straight.credit,
          );
        }));

      it("has a finite loss and gradient, also where the policy has moved far", () =>
        holds(async (groups) => {
          const input = advantageInput(groups);
          const output = await estimate(input);
          for (const spread of [0, 0.3, 100]) {
            for (const rollouts of scoredMiniBatches(input, output, spread)) {
              // There and back: towards what was improbable, and from it.
              const swapped = rollouts.map((rollout) => ({
                ...rollout,
                logprobs: rollout.behaviourLogprobs,
                behaviourLogprobs: rollout.logprobs,
              }));
              for (const { gradients, metrics } of [evaluateLoss(loss, rollouts), evaluateLoss(loss, swapped)]) {
                for (const gradient of gradients) expect(gradient.every(Number.isFinite)).toBe(true);
                for (const [metric, value] of Object.entries(metrics)) expect(value, metric).toSatisfy(Number.isFinite);
              }
            }
          }
        }));

      it("has the same loss, gradient and metrics however a mini-batch is split into micro-batches", () =>
        holds(async (groups) => {
          const input = advantageInput(groups);
          for (const rollouts of scoredMiniBatches(input, await estimate(input))) {
            const whole = evaluateLoss(loss, rollouts);
            const size = miniBatchSize(rollouts);
            for (const length of [1, 2, 3]) {
              const parts = Array.from({ length: Math.ceil(rollouts.length / length) }, (_, part) =>
                evaluateLoss(loss, rollouts.slice(part * length, (part + 1) * length), size),
              );
              const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
              expectClose(sum(parts.map((part) => part.loss)), whole.loss, "loss");
              expectClose(
                parts.flatMap(({ gradients }) => gradients),
                whole.gradients,
                "gradients",
              );
              for (const [metric, value] of Object.entries(whole.metrics)) {
                expectClose(sum(parts.map(({ metrics }) => metrics[metric]!)), value, metric);
              }
            }
          }
        }));

      it("does not depend on padding", () =>
        holds(async (groups) => {
          const input = advantageInput(groups);
          for (const rollouts of scoredMiniBatches(input, await estimate(input))) {
            expectClose(paddedLoss(loss, rollouts, 5, -7), evaluateLoss(loss, rollouts).loss, "loss");
          }
        }));

      it.runIf(trained.includes(name))("trains a policy to answer better", async () => {
        const policy = new TabularPolicy({ baseSeed: 0, optimiser: "adam" }, 1);
        const container = compose(policy);
        const parts = {
          advantage: container.get(Services.Advantage),
          loss: container.get(Services.Loss),
          shaping: container.get(Services.RewardShaping, { optional: true }),
        };
        const accuracies = await trainTabular(policy, parts, 30);
        const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
        // From about one in six right to about half; chance alone moves it by a few points.
        expect(mean(accuracies.slice(-8)) - mean(accuracies.slice(0, 8))).toBeGreaterThan(0.12);
      });

      it("leaves no tensor behind", async () => {
        const groups = await gradedGroups([{ hasImage: true, rollouts: [{ tokens: [1, 2], reward: 1 }] }]);
        const input = advantageInput(groups);
        const [rollouts] = scoredMiniBatches(input, await estimate(input));
        evaluateLoss(loss, rollouts!);
        const before = tf.memory().numTensors;
        await estimate(input);
        evaluateLoss(loss, rollouts!);
        expect(tf.memory().numTensors).toBe(before);
      });
    },
  );
}

/** A policy that can do nothing but what was asked of it: whoever asks for more must have declared it. */
function onlyCapable(allowed: readonly Capability[]): Policy {
  const supported = new Set(allowed);
  const policy = Object.create(scoringPolicy, {
    capabilities: { value: { ...scoringPolicy.capabilities, supported } },
    score: {
      value: (...[requests, options]: Parameters<Policy["score"]>) => {
        const asked: [boolean, Capability][] = [
          [options?.model === "reference", "reference-policy"],
          [options?.entropies === true, "entropies"],
          [options?.distributions === true, "distributions"],
        ];
        for (const [needed, capability] of asked) {
          if (needed && !supported.has(capability)) {
            throw new Error(`"${capability}" is used, but not among the declared requirements`);
          }
        }
        return scoringPolicy.score(requests, options);
      },
    },
    refreshReference: {
      value: async () => {
        if (!supported.has("reference-policy")) throw new Error(`"reference-policy" is used, but not declared`);
      },
    },
  });
  return policy;
}

/** How often `work` has so many tokens scored, by the policy that scores them. */
async function countPasses(
  policy: Policy,
  tokens: number,
  work: (policy: Policy) => Promise<void>,
): Promise<ExtraPasses> {
  const scored = { current: 0, reference: 0 };
  const counting: Policy = Object.create(policy, {
    score: {
      value: (...[requests, options]: Parameters<Policy["score"]>) => {
        const responses = requests.flatMap((request) => request.responses);
        scored[options?.model ?? "current"] += responses.reduce((sum, response) => sum + response.length, 0);
        return policy.score(requests, options);
      },
    },
  });
  await work(counting);
  return { current: scored.current / tokens, reference: scored.reference / tokens };
}

/** The loss with more padding than needed, and something other than zero for the log-probabilities there. */
function paddedLoss(loss: Loss, rollouts: readonly ScoredLossRollout[], extra: number, filler: number): number {
  const width = Math.max(...rollouts.map(({ logprobs }) => logprobs.length)) + extra;
  const rows = rollouts.map(({ logprobs }) => {
    const row = new Float32Array(width).fill(filler);
    row.set(Float32Array.from(logprobs));
    return row;
  });
  return tf.tidy(() => {
    const input = createLossInput(loss, rollouts, padRows(rows, width), miniBatchSize(rollouts));
    return loss.compute(input).loss.dataSync()[0]!;
  });
}
