import { dapoAdvantage } from "@fovea-rl/algo-dapo";
import type { Policy, RolloutGroup } from "@fovea-rl/core";
import { goldenAlgorithms, goldenGroups, goldenPolicy } from "@fovea-rl/testkit";
import { describe, expect, it } from "vitest";
import vppo, { VppoAdvantage, vppoLoss, vppoOptionsSchema } from "./index.ts";

const golden = goldenAlgorithms("medium");
const policy = goldenPolicy(golden);

function estimate(
  options: unknown,
  groups: readonly RolloutGroup[],
  engine: Pick<Policy, "score" | "refreshReference"> = policy,
) {
  const advantage = new VppoAdvantage(vppoOptionsSchema.parse(options), engine);
  return advantage.estimate({ groups, miniBatches: [groups.map((_, index) => index)], step: 0, seed: 0 });
}

describe("VPPO", () => {
  it("leaves prompts without images untouched, and does not let them shift the others", async () => {
    const groups = goldenGroups(golden);
    const blind = groups.map((group, index) =>
      index % 2 === 0 ? group : { ...group, prompt: { ...group.prompt, images: [] } },
    );
    const mixed = await estimate({}, blind);
    const base = await dapoAdvantage.estimate({ groups, miniBatches: [[0]], step: 0, seed: 0 });
    const seeing = await estimate(
      {},
      groups.filter((_, index) => index % 2 === 0),
    );
    mixed.credit.forEach((group, index) => {
      if (index % 2 === 0) expect(group).toEqual(seeing.credit[index / 2]);
      else {
        group.forEach(({ advantages, columns }, rollout) => {
          expect(advantages).toEqual(base.credit[index]![rollout]!.advantages);
          expect(columns!["tokenWeights"]!.every((weight) => weight === 1)).toBe(true);
          expect(columns!["dependency"]!.every((value) => value === 0)).toBe(true);
        });
      }
    });
    expect(mixed.metrics["dependency/mean"]).toBe(seeing.metrics["dependency/mean"]);
  });

  it("takes no extra pass where nothing needs one", async () => {
    let calls = 0;
    const counting = {
      ...policy,
      score(...call: Parameters<Policy["score"]>) {
        calls++;
        return policy.score(...call);
      },
    };
    await estimate({ shaping: false, filtering: { selection: "random" } }, goldenGroups(golden), counting);
    expect(calls).toBe(0);
    await estimate({}, goldenGroups(golden), counting);
    expect(calls).toBe(1);
  });

  it("shapes the reward before the group is compared", async () => {
    const groups = goldenGroups(golden);
    const shaping = { betaMin: 0.5, betaMax: 1.5 };
    const { credit } = await estimate(
      {
        base: { algorithm: "grpo", advantage: "mean-centred", klCoefficient: 0 },
        shaping: { ...shaping, target: "reward" },
      },
      groups,
    );
    const onAdvantage = await estimate({ shaping }, groups);
    const dapo = await dapoAdvantage.estimate({ groups, miniBatches: [[0]], step: 0, seed: 0 });
    groups.forEach(({ rollouts }, group) => {
      const shaped = rollouts.map(({ verdict }, index) => {
        const factor = onAdvantage.credit[group]![index]!.advantages[0]! / dapo.credit[group]![index]!.advantages[0]!;
        return verdict.reward === 0 ? 0 : verdict.reward * factor;
      });
      const mean = shaped.reduce((sum, reward) => sum + reward, 0) / shaped.length;
      shaped.forEach((reward, index) => {
        expect(credit[group]![index]!.advantages[0]).toBeCloseTo(reward - mean, 5);
      });
    });
  });

  it("chooses tokens by entropy, as sampled or else asked for", async () => {
    const entropies = (tokens: Int32Array) => Float32Array.from(tokens, (_, token) => (token * 7) % 5);
    const groups = goldenGroups(golden);
    const sampled = groups.map((group) => ({
      ...group,
      rollouts: group.rollouts.map((rollout) => ({ ...rollout, entropies: entropies(rollout.tokens) })),
    }));
    const asking = {
      ...policy,
      async score(...[requests, options]: Parameters<Policy["score"]>) {
        expect(options).toEqual({ entropies: true });
        return requests.map(({ responses }) =>
          responses.map((tokens) => ({ logprobs: new Float32Array(tokens.length), entropies: entropies(tokens) })),
        );
      },
    };
    const options = { shaping: false, filtering: { selection: "entropy" } };
    expect(await estimate(options, groups, asking)).toEqual(await estimate(options, sampled));
  });

  it("says what it needs of the engine", () => {
    const needs = (options: unknown) => vppo.requirements(vppoOptionsSchema.parse(options));
    expect(needs({})).toEqual(["custom-loss", "images"]);
    expect(needs({ base: "grpo" })).toEqual(["custom-loss", "reference-policy", "images"]);
    expect(needs({ perception: { estimator: "jsd" } })).toContain("distributions");
    expect(needs({ shaping: false, filtering: { selection: "entropy" } })).toEqual(["custom-loss", "entropies"]);
  });

  it("reads the columns that it filters by", () => {
    expect(vppoLoss(vppoOptionsSchema.parse({})).columns).toEqual(["tokenWeights"]);
    expect(vppoLoss(vppoOptionsSchema.parse({ filtering: false })).columns).toEqual([]);
    expect(vppoLoss(vppoOptionsSchema.parse({ base: "grpo" })).columns).toEqual(["referenceLogprobs", "tokenWeights"]);
  });
});

describe("vppoOptionsSchema", () => {
  it("has the paper's numbers as defaults", () => {
    expect(vppoOptionsSchema.parse({})).toMatchObject({
      base: { algorithm: "dapo", clipLow: 0.2, clipHigh: 0.28, dualClip: 3, aggregation: "token-mean" },
      perception: {
        estimator: "k3",
        perturbation: { kind: "patch-black", patchSize: 14, probability: 0.5 },
        sharing: "rollout",
      },
      shaping: { betaMin: 0.9, betaMax: "dynamic", scope: "mini-batch", target: "advantage" },
      filtering: { fraction: 0.4, selection: "dependency", mask: "hard" },
      entropyPenalty: 0.06,
    });
  });

  it("takes the base by name, by settings, or both", () => {
    expect(vppoOptionsSchema.parse({ base: { clipHigh: 0.3 } }).base).toMatchObject({
      algorithm: "dapo",
      clipHigh: 0.3,
    });
    expect(vppoOptionsSchema.parse({ base: "grpo" }).base).toMatchObject({ algorithm: "grpo", klCoefficient: 0.01 });
  });

  it.each([
    { base: "ppo" },
    { base: { algorithm: "dapo", klCoefficient: 1 } },
    { base: { entropyPenalty: 1 } },
    { filtering: true },
    { filtering: { fraction: 0 } },
    { shaping: { scope: "micro-batch" } },
  ])("refuses %j", (options) => {
    expect(vppoOptionsSchema.safeParse(options).success).toBe(false);
  });
});
