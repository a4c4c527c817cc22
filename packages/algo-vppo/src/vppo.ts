import { dapoLoss, dynamicSampling, overlongShaping } from "@fovea-rl/algo-dapo";
import grpo, { grpoLoss } from "@fovea-rl/algo-grpo";
import { type Capability, defineAlgorithm, type ExtraPasses, type Loss, Services } from "@fovea-rl/core";
import { perceptionRequirements } from "@fovea-rl/perception";
import { ContainerModule } from "inversify";
import { VppoAdvantage } from "./vppo-advantage.ts";
import { grpoBaseOptions, measuresDependency, type VppoOptions, vppoOptionsSchema } from "./vppo-options.ts";

/** The base algorithm's loss, whose policy term counts only the tokens that are to learn. */
export function vppoLoss(options: VppoOptions): Loss {
  const { base, filtering } = options;
  const weightedBy = filtering === false ? undefined : "tokenWeights";
  if (base.algorithm === "grpo") return grpoLoss(grpoBaseOptions(options, base), weightedBy);
  const { clipLow, clipHigh, dualClip, aggregation } = base;
  return dapoLoss({ clipLow, clipHigh, dualClip, aggregation, entropyPenalty: options.entropyPenalty }, weightedBy);
}

function requirements(options: VppoOptions): readonly Capability[] {
  const { base, filtering, perception } = options;
  return [
    ...new Set<Capability>([
      ...(base.algorithm === "grpo" ? grpo.requirements(grpoBaseOptions(options, base)) : ["custom-loss" as const]),
      ...(measuresDependency(options) ? perceptionRequirements(perception) : []),
      ...(filtering !== false && filtering.selection === "entropy" ? ["entropies" as const] : []),
    ]),
  ];
}

/** The perturbed images' pass, and the original ones' too where whole distributions are compared; the base algorithm's reference. */
function extraPasses(options: VppoOptions): ExtraPasses {
  const { base, filtering, perception } = options;
  const dependency = measuresDependency(options) ? (perception.estimator === "k3" ? 1 : 2) : 0;
  const entropy = filtering !== false && filtering.selection === "entropy" ? 1 : 0;
  const reference = base.algorithm === "grpo" && base.klCoefficient > 0 ? 1 : 0;
  return { current: dependency + entropy, reference };
}

export default defineAlgorithm<VppoOptions>({
  name: "vppo",
  optionsSchema: vppoOptionsSchema,
  requirements,
  extraPasses,
  bind: (options) =>
    new ContainerModule(({ bind }) => {
      bind(Services.Advantage).toResolvedValue((policy) => new VppoAdvantage(options, policy), [Services.Policy]);
      bind(Services.Loss).toConstantValue(vppoLoss(options));
      if (options.base.algorithm !== "dapo") return;
      const { dynamicSampling: filter, overlong } = options.base;
      if (filter) bind(Services.RolloutFilter).toConstantValue(dynamicSampling(filter));
      if (overlong) bind(Services.RewardShaping).toConstantValue(overlongShaping(overlong));
    }),
});
