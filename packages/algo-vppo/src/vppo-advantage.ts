import { dapoAdvantage } from "@fovea-rl/algo-dapo";
import { grpoAdvantage } from "@fovea-rl/algo-grpo";
import type { Advantage, AdvantageInput, AdvantageOutput, Credit, Policy, RolloutGroup } from "@fovea-rl/core";
import { dependencyMetrics, PerceptionProbe, trajectoryDependency } from "@fovea-rl/perception";
import { selectionScores } from "./selection-scores.ts";
import { tokenWeights } from "./token-filtering.ts";
import { shapeByScope } from "./trajectory-shaping.ts";
import { grpoBaseOptions, measuresDependency, type VppoOptions } from "./vppo-options.ts";

/**
 * The base algorithm's advantage, shaped by how much each rollout looks at the image, with the weight of each token. Attaches
 * the column `tokenWeights` where tokens are filtered, and `dependency` where it is measured.
 */
export class VppoAdvantage implements Advantage {
  readonly #options: VppoOptions;
  readonly #policy: Pick<Policy, "score" | "refreshReference">;
  readonly #base: Advantage;
  readonly #probe: PerceptionProbe;

  constructor(options: VppoOptions, policy: Pick<Policy, "score" | "refreshReference">) {
    const { base } = options;
    this.#options = options;
    this.#policy = policy;
    this.#base = base.algorithm === "dapo" ? dapoAdvantage : grpoAdvantage(grpoBaseOptions(options, base), policy);
    this.#probe = new PerceptionProbe(policy, options.perception);
  }

  async estimate(input: AdvantageInput): Promise<AdvantageOutput> {
    const { groups } = input;
    const dependencies = measuresDependency(this.#options) ? await this.#dependencies(input) : undefined;
    const shaping = this.#shape(input, dependencies);
    const weights = await this.#weights(input, dependencies);

    const ofReward = this.#options.shaping !== false && this.#options.shaping.target === "reward";
    const base = await this.#base.estimate(
      ofReward ? { ...input, groups: scaleRewards(groups, shaping.factor) } : input,
    );
    const credit = base.credit.map((group, groupIndex) =>
      group.map(({ advantages, columns }, rollout): Credit => {
        const factor = ofReward ? 1 : shaping.factor(groupIndex, rollout);
        const tokens = advantages.length;
        return {
          advantages: advantages.map((advantage) => advantage * factor),
          columns: {
            ...columns,
            ...(weights && { tokenWeights: weights[groupIndex]![rollout]! }),
            ...(dependencies && {
              dependency: Float32Array.from(dependencies[groupIndex]?.[rollout] ?? new Float32Array(tokens)),
            }),
          },
        };
      }),
    );
    const measured = dependencies?.flatMap((group) => group ?? []) ?? [];
    return {
      credit,
      metrics: {
        ...base.metrics,
        ...(measured.length > 0 && dependencyMetrics(measured)),
        ...shaping.metrics,
        ...(weights && { "filtering/weight-mean": meanWeight(weights) }),
      },
    };
  }

  /** S_t `[groups][rollouts][T]`; undefined for a prompt without images. */
  async #dependencies(input: AdvantageInput): Promise<readonly (readonly Float64Array[] | undefined)[]> {
    const perceptions = await this.#probe.measure(input.groups, input);
    return perceptions.map((group) => group?.map(({ dependency }) => dependency));
  }

  #shape(input: AdvantageInput, dependencies: readonly (readonly Float64Array[] | undefined)[] | undefined) {
    const { shaping } = this.#options;
    if (shaping === false || !dependencies) return { factor: () => 1, metrics: {} };
    const trajectories = dependencies.map((group) => group?.map(trajectoryDependency));
    return shapeByScope(trajectories, input.miniBatches, shaping);
  }

  /** `[groups][rollouts][T]`; 1 for every token behind a prompt without images. */
  async #weights(
    input: AdvantageInput,
    dependencies: readonly (readonly Float64Array[] | undefined)[] | undefined,
  ): Promise<readonly (readonly Float32Array[])[] | undefined> {
    const { filtering } = this.#options;
    if (filtering === false) return undefined;
    const measured = dependencies?.map((group) => group ?? []);
    const scores = await selectionScores(filtering.selection, input, this.#policy, measured);
    return input.groups.map(({ prompt, rollouts }, group) =>
      rollouts.map(({ tokens }, rollout) =>
        prompt.images.length === 0
          ? new Float32Array(tokens.length).fill(1)
          : tokenWeights(scores[group]![rollout]!, filtering),
      ),
    );
  }
}

function scaleRewards(
  groups: readonly RolloutGroup[],
  factor: (group: number, rollout: number) => number,
): readonly RolloutGroup[] {
  return groups.map((group, groupIndex) => ({
    ...group,
    rollouts: group.rollouts.map((rollout, index) => ({
      ...rollout,
      verdict: { ...rollout.verdict, reward: rollout.verdict.reward * factor(groupIndex, index) },
    })),
  }));
}

function meanWeight(weights: readonly (readonly Float32Array[])[]): number {
  let sum = 0;
  let tokens = 0;
  for (const row of weights.flat()) {
    for (const weight of row) sum += weight;
    tokens += row.length;
  }
  return sum / tokens;
}
