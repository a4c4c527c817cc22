import { FoveaError, type Loss, type StepReport } from "@fovea-rl/core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it, type TestContext } from "vitest";
import { type PolicySuite, policyGradientLoss, using, withAdvantages } from "./policy-suite.ts";

export function describePolicyGradients(suite: PolicySuite): void {
  const { create, createWithGradientDescent, request, learningRate, differenceRate, creditedGroups } = suite;
  const loss = policyGradientLoss;
  /** The step's gradient norm; without one (a remote engine) what it would show is not checked. */
  const normOf = ({ gradientNorm }: StepReport, { skip }: TestContext) =>
    gradientNorm ?? skip("the engine does not tell gradient norms");

  describe("gradients", () => {
    it("lower the loss that they are of, and report it with its metrics", () =>
      using(create, async (policy) => {
        const groups = await creditedGroups(policy);
        const before = await policy.accumulateGradients({ groups, loss });
        expect(before.metrics["logprob/mean"]).toBeLessThan(0);
        const { gradientNorm } = await policy.step({ learningRate });
        if (gradientNorm !== undefined) expect(gradientNorm).toBeGreaterThan(0);
        expect((await policy.accumulateGradients({ groups, loss })).loss).toBeLessThan(before.loss);
      }));

    it.skipIf(!createWithGradientDescent)("agree with finite differences along themselves", async (context) => {
      // A step of rate h along the gradient g changes the loss by -h |g|^2 to first order; two opposite steps cancel the second.
      const lossAfter = (rate: number) =>
        using(createWithGradientDescent!, async (policy) => {
          const groups = await creditedGroups(policy);
          await policy.accumulateGradients({ groups, loss });
          const gradientNorm = normOf(await policy.step({ learningRate: rate }), context);
          return { gradientNorm, loss: (await policy.accumulateGradients({ groups, loss })).loss };
        });
      const down = await lossAfter(differenceRate);
      const up = await lossAfter(-differenceRate);
      const slope = (up.loss - down.loss) / (2 * differenceRate);
      expect(Math.abs(slope / down.gradientNorm ** 2 - 1)).toBeLessThan(0.02);
    });

    it("add up until the step, which clears them", (context) =>
      using(create, async (policy) => {
        const groups = await creditedGroups(policy);
        const norm = async (times: number) => {
          for (let time = 0; time < times; time++) await policy.accumulateGradients({ groups, loss });
          return normOf(await policy.step({ learningRate: 0 }), context);
        };
        const once = await norm(1);
        expect((await norm(2)) / once).toBeCloseTo(2, 3);
        expect((await norm(1)) / once).toBeCloseTo(1, 3);
      }));

    it("do not depend on the order of groups and rollouts", (context) =>
      using(create, async (policy) => {
        const groups = await creditedGroups(policy);
        const reversed = groups.toReversed().map((group) => ({ ...group, rollouts: group.rollouts.toReversed() }));
        const straight = await policy.accumulateGradients({ groups, loss });
        const gradientNorm = normOf(await policy.step({ learningRate: 0 }), context);
        const other = await policy.accumulateGradients({ groups: reversed, loss });
        expect(other.loss).toBeCloseTo(straight.loss, 4);
        expect(normOf(await policy.step({ learningRate: 0 }), context) / gradientNorm).toBeCloseTo(1, 3);
      }));

    it("vanish where no rollout has an advantage", (context) =>
      using(create, async (policy) => {
        const groups = withAdvantages(await policy.sample(request()), () => 0);
        await policy.accumulateGradients({ groups, loss });
        expect(normOf(await policy.step({ learningRate: 0 }), context)).toBe(0);
      }));

    it("are refused before any work without a column that the loss reads", () =>
      using(create, async (policy) => {
        const groups = await creditedGroups(policy);
        const attempt = policy.accumulateGradients({ groups, loss: { ...loss, columns: ["tokenWeights"] } });
        await expect(attempt).rejects.toThrow(FoveaError);
        await expect(attempt).rejects.toThrow("tokenWeights");
      }));

    it("that are not finite never reach the weights", () =>
      using(create, async (policy) => {
        const before = await policy.fingerprint();
        const broken: Loss = {
          columns: [],
          compute: ({ logprobs }) => ({ loss: tf.mul(tf.sum(logprobs), Number.NaN), metrics: {} }),
        };
        const groups = await creditedGroups(policy);
        const attempt = async () => {
          await policy.accumulateGradients({ groups, loss: broken });
          await policy.step({ learningRate });
        };
        await expect(attempt()).rejects.toThrow(FoveaError);
        expect(await policy.fingerprint()).toBe(before);
      }));

    it("are scaled down to the asked norm, or the engine says that it cannot", () =>
      using(create, async (policy) => {
        const groups = await creditedGroups(policy);
        await policy.accumulateGradients({ groups, loss });
        const step = policy.step({ learningRate, maximumGradientNorm: 1e-6 });
        if (!policy.capabilities.supported.has("gradient-clipping")) {
          await expect(step).rejects.toThrow(FoveaError);
          return;
        }
        // What is reported is the norm before clipping.
        expect((await step).gradientNorm ?? 1).toBeGreaterThan(1e-6);
      }));
  });
}
