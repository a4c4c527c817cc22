import { dapoAdvantage } from "@fovea-rl/algo-dapo";
import { grpoAdvantage } from "@fovea-rl/algo-grpo";
import type { Advantage, AdvantageInput, AdvantageOutput, Credit, Policy, Rollout, RolloutGroup } from "@fovea-rl/core";
import { dependencyMetrics, PerceptionProbe, type RolloutPerception, trajectoryDependency } from "@fovea-rl/perception";
import { selectionScores } from "./selection-scores.ts";
import { tokenWeights } from "./token-filtering.ts";
import { shapeByScope } from "./trajectory-shaping.ts";
import { grpoBaseOptions, measuresDependency, type VppoOptions } from "./vppo-options.ts";

/**
 * The base algorithm's advantage, shaped by how much each rollout looks at the image, with the weight of each token. Attaches
 * the column `tokenWeights` where tokens are filtered, and for reports `dependency` and `perturbedLogprobs` where they are
 * measured and `baseAdvantages`, those before shaping.
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
    // Undefined for a prompt without images.
    const perceptions = measuresDependency(this.#options) ? await this.#probe.measure(groups, input) : undefined;
    const dependencies = perceptions?.map((group) => group?.map(({ dependency }) => dependency));
    const shaping = this.#shape(input, dependencies);
    const weights = await this.#weights(input, dependencies);

    const ofAdvantage = this.#options.shaping !== false && this.#options.shaping.target === "advantage";
    const ofReward = this.#options.shaping !== false && this.#options.shaping.target === "reward";
    const base = await this.#base.estimate(
      ofReward ? { ...input, groups: scaleRewards(groups, shaping.factor) } : input,
    );
    const shaped = base.credit.map((group, groupIndex) =>
      group.map(({ advantages, columns }, rollout): Credit => {
        const factor = ofReward ? 1 : shaping.factor(groupIndex, rollout);
        const perception = perceptions?.[groupIndex]?.[rollout];
        const credit: Credit = {
          advantages: advantages.map((advantage) => advantage * factor),
          columns: {
            ...columns,
            ...(weights && { tokenWeights: weights[groupIndex]![rollout]! }),
            ...(ofAdvantage && { baseAdvantages: advantages }),
            ...(perceptions && perceptionColumns(groups[groupIndex]!.rollouts[rollout]!, perception)),
          },
        };
        return perception ? withPerturbedImages(credit, perception) : credit;
      }),
    );
    const measured = dependencies?.flatMap((group) => group ?? []) ?? [];
    return {
      credit: shaped,
      metrics: {
        ...base.metrics,
        ...(measured.length > 0 && dependencyMetrics(measured)),
        ...shaping.metrics,
        ...(weights && { "filtering/weight-mean": meanWeight(weights) }),
      },
    };
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

/** What reports show of the extra pass; without an image nothing could change. */
function perceptionColumns({ tokens, behaviourLogprobs }: Rollout, perception: RolloutPerception | undefined) {
  return {
    dependency: Float32Array.from(perception?.dependency ?? new Float32Array(tokens.length)),
    perturbedLogprobs: perception?.perturbedLogprobs ?? behaviourLogprobs,
  };
}

/** The images are drawn when a recorder asks for them, and not before: see RolloutPerception. */
function withPerturbedImages(credit: Credit, perception: RolloutPerception): Credit {
  return Object.defineProperty(credit, "perturbedImages", { get: perception.perturbedImages, enumerable: true });
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
