import {
  type Capability,
  FoveaError,
  type Image,
  type Policy,
  type ScoreOptions,
  type ScoreRequest,
  withImages,
} from "@fovea-rl/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { largestDifference, type PolicySuite, policyGradientLoss, using } from "./policy-suite.ts";

export function describePolicyScoring(suite: PolicySuite): void {
  const { create, request, tolerance, creditedGroups, learningRate } = suite;

  describe("scoring", () => {
    let policy: Policy;
    let requests: readonly ScoreRequest[];
    beforeAll(async () => {
      policy = await create();
      const groups = await policy.sample(request());
      requests = groups.map(({ prompt, rollouts }) => ({ prompt, responses: rollouts.map(({ tokens }) => tokens) }));
    });
    afterAll(() => policy.dispose());

    /** Whether the engine can; if it says that it cannot, the request that needs it must be refused. */
    async function can(capability: Capability, options: ScoreOptions): Promise<boolean> {
      if (policy.capabilities.supported.has(capability)) return true;
      await expect(policy.score(requests, options)).rejects.toThrow(FoveaError);
      return false;
    }

    it("scores each response whatever else is in the batch", async () => {
      const together = await policy.score(requests);
      for (const [index, { prompt, responses }] of requests.entries()) {
        for (const [rollout, tokens] of responses.entries()) {
          const alone = await policy.score([{ prompt, responses: [tokens] }]);
          const difference = largestDifference(alone[0]![0]!.logprobs, together[index]![rollout]!.logprobs);
          expect(difference).toBeLessThan(tolerance);
        }
      }
    });

    it("gives distributions that are normalised and agree with the log-probabilities, or refuses", async () => {
      if (!(await can("distributions", { distributions: true }))) return;
      const { vocabularySize } = policy.capabilities;
      const scores = await policy.score(requests, { distributions: true });
      for (const [index, { responses }] of requests.entries()) {
        for (const [rollout, tokens] of responses.entries()) {
          const { logprobs, distributions } = scores[index]![rollout]!;
          expect(distributions).toHaveLength(tokens.length * vocabularySize);
          tokens.forEach((token, position) => {
            const row = distributions!.subarray(position * vocabularySize, (position + 1) * vocabularySize);
            expect(row.reduce((sum, logprob) => sum + Math.exp(logprob), 0)).toBeCloseTo(1, 3);
            expect(Math.abs(row[token]! - logprobs[position]!)).toBeLessThan(tolerance);
          });
        }
      }
    });

    it("gives entropies that agree with the distributions, or refuses", async () => {
      if (!(await can("entropies", { entropies: true }))) return;
      const scores = await policy.score(requests, { entropies: true });
      for (const [index, { responses }] of requests.entries()) {
        responses.forEach((tokens, rollout) => {
          expect(scores[index]![rollout]!.entropies).toHaveLength(tokens.length);
        });
      }
      if (!policy.capabilities.supported.has("distributions")) return;
      const { vocabularySize } = policy.capabilities;
      for (const { entropies, distributions } of (
        await policy.score(requests, { entropies: true, distributions: true })
      ).flat()) {
        const expected = new Float64Array(entropies!.length);
        distributions!.forEach((logprob, index) => {
          expected[Math.floor(index / vocabularySize)]! -= Math.exp(logprob) * logprob;
        });
        expect(largestDifference(entropies!, expected)).toBeLessThan(1e-3);
      }
    });

    it("sees the image, or refuses one", async () => {
      const pictured = requests.filter(({ prompt }) => prompt.images.length > 0);
      if (!policy.capabilities.supported.has("images")) {
        const image: Image = { width: 1, height: 1, data: new Uint8Array(3) };
        const prompt = withImages(requests[0]!.prompt, [image]);
        await expect(policy.score([{ ...requests[0]!, prompt }])).rejects.toThrow(FoveaError);
        return;
      }
      expect(pictured.length, "the prompts given to the suite must have images").toBeGreaterThan(0);
      const black = (image: Image) => ({ ...image, data: new Uint8Array(image.data.length) });
      const seen = await policy.score(pictured);
      const unseen = await policy.score(
        pictured.map(({ prompt, responses }) => ({ prompt: withImages(prompt, prompt.images.map(black)), responses })),
      );
      const differences = seen.flatMap((group, index) =>
        group.map(({ logprobs }, rollout) => largestDifference(logprobs, unseen[index]![rollout]!.logprobs)),
      );
      expect(Math.max(...differences)).toBeGreaterThan(tolerance);
    });

    it("keeps the reference where it was until it is refreshed, or refuses", async () => {
      if (!(await can("reference-policy", { model: "reference" }))) return;
      await using(create, async (trained) => {
        const logprobs = async (options: ScoreOptions) =>
          (await trained.score(requests, options)).flat().flatMap((scores) => [...scores.logprobs]);
        const initial = await logprobs({});
        expect(largestDifference(await logprobs({ model: "reference" }), initial)).toBeLessThan(tolerance);
        await trained.accumulateGradients({ groups: await creditedGroups(trained), loss: policyGradientLoss });
        await trained.step({ learningRate: 10 * learningRate });
        expect(largestDifference(await logprobs({}), initial)).toBeGreaterThan(tolerance);
        expect(largestDifference(await logprobs({ model: "reference" }), initial)).toBeLessThan(tolerance);
        await trained.refreshReference();
        const current = await logprobs({});
        expect(largestDifference(await logprobs({ model: "reference" }), current)).toBeLessThan(tolerance);
      });
    });
  });
}
