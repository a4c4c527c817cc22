import { FoveaError, type Policy } from "@fovea-rl/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectAllFinite, largestDifference, type PolicySuite } from "./policy-suite.ts";

export function describePolicySampling({ create, prompts, request, tolerance, maximumTokens }: PolicySuite): void {
  describe("sampling", () => {
    let policy: Policy;
    beforeAll(async () => {
      policy = await create();
    });
    afterAll(() => policy.dispose());

    it("draws the asked number of rollouts for each prompt, in order, within the length", async () => {
      const groups = await policy.sample(request());
      expect(groups.map(({ prompt }) => prompt.id)).toEqual(prompts.map(({ id }) => id));
      for (const { prompt, rollouts } of groups) {
        expect(rollouts.map(({ promptId, sampleIndex }) => [promptId, sampleIndex])).toEqual(
          [0, 1, 2, 3].map((sampleIndex) => [prompt.id, sampleIndex]),
        );
        for (const { tokens, behaviourLogprobs, finishReason } of rollouts) {
          expect(tokens).toBeInstanceOf(Int32Array);
          expect(tokens.length).toBeGreaterThan(0);
          expect(tokens.length).toBeLessThanOrEqual(maximumTokens);
          if (finishReason === "length") expect(tokens).toHaveLength(maximumTokens);
          expect(behaviourLogprobs).toBeInstanceOf(Float32Array);
          expect(behaviourLogprobs).toHaveLength(tokens.length);
          expectAllFinite(behaviourLogprobs);
          expect(Math.max(...behaviourLogprobs)).toBeLessThanOrEqual(1e-6);
          expect(policy.tokenTexts(tokens)).toHaveLength(tokens.length);
        }
      }
    });

    it("draws the same rollouts for the same key, and others for another", async () => {
      const groups = await policy.sample(request());
      expect(await policy.sample(request())).toEqual(groups);
      const tokens = (sampled: typeof groups) => sampled.flatMap(({ rollouts }) => rollouts.map((r) => [...r.tokens]));
      const other = await policy.sample(request({ randomKey: { seed: 11, purpose: "sample", step: 1 } }));
      expect(tokens(other)).not.toEqual(tokens(groups));
    });

    it("draws each rollout whatever else is in the batch", async () => {
      const together = await policy.sample(request());
      for (const [index, prompt] of prompts.entries()) {
        const [alone] = await policy.sample(request({ prompts: [prompt], samplesPerPrompt: 2 }));
        alone!.rollouts.forEach((rollout, sample) => {
          const among = together[index]!.rollouts[sample]!;
          expect([...rollout.tokens]).toEqual([...among.tokens]);
          expect(largestDifference(rollout.behaviourLogprobs, among.behaviourLogprobs)).toBeLessThan(tolerance);
        });
      }
    });

    it.each([
      ["top-p and top-k", { topP: 0.9, topK: 5 }],
      ["a higher temperature", { temperature: 1.5 }],
      ["greedy choice", { temperature: 0 }],
    ])(
      "reports log-probabilities at the training temperature and of all tokens, also under %s",
      async (_, sampling) => {
        const groups = await policy.sample(request({}, sampling));
        const scores = await policy.score(
          groups.map(({ prompt, rollouts }) => ({ prompt, responses: rollouts.map(({ tokens }) => tokens) })),
        );
        groups.forEach(({ rollouts }, group) => {
          rollouts.forEach(({ behaviourLogprobs }, rollout) => {
            const { logprobs } = scores[group]![rollout]!;
            expect(largestDifference(behaviourLogprobs, logprobs)).toBeLessThan(tolerance);
          });
        });
      },
    );

    it.each([
      ["a temperature of 0", { temperature: 0 }],
      ["a top-k of 1", { topK: 1 }],
      ["a tiny top-p", { topP: 1e-9 }],
    ])("is greedy with %s", async (_, sampling) => {
      const greedy = await policy.sample(request({ samplesPerPrompt: 1 }, { temperature: 0 }));
      const groups = await policy.sample(request({}, sampling));
      groups.forEach(({ rollouts }, group) => {
        for (const { tokens } of rollouts) expect([...tokens]).toEqual([...greedy[group]!.rollouts[0]!.tokens]);
      });
    });

    it("refuses what does not fit into its context, naming the prompt", async () => {
      const tooLong = request({ prompts: [prompts[0]!] }, { maximumTokens: policy.capabilities.maximumContext + 1 });
      const attempt = policy.sample(tooLong);
      await expect(attempt).rejects.toThrow(FoveaError);
      await expect(attempt).rejects.toThrow(prompts[0]!.id);
    });

    it("counts the tokens of a prompt", () => {
      for (const prompt of prompts) expect(policy.promptLength(prompt)).toBeGreaterThan(0);
    });
  });
}
