import grpo, { type GrpoOptions, grpoAdvantage, grpoLoss, grpoOptionsSchema } from "@fovea-rl/algo-grpo";
import {
  type Advantage,
  aggregationWeights,
  type Capability,
  defineAlgorithm,
  estimateKl,
  type Loss,
  type Policy,
  Services,
  weightedSum,
  withColumn,
} from "@fovea-rl/core";
import { dependencyMetrics, PerceptionProbe, perturbationOptionsSchema } from "@fovea-rl/perception";
import * as tf from "@tensorflow/tfjs-core";
import { ContainerModule } from "inversify";
import { z } from "zod";

/** PAPO's own options, before GRPO's. */
const perceptionTerm = {
  perceptionCoefficient: z
    .number()
    .min(0)
    .default(0.01)
    .describe("gamma: weight of the divergence between the policy and itself behind a degraded image."),
  perturbation: perturbationOptionsSchema
    .prefault({ kind: "patch-black", probability: 0.6 })
    .describe(
      "How the image is degraded: patch-black, gaussian-noise, gaussian-blur or grey, by name or with settings.",
    ),
};

/** GRPO's options and PAPO's; the defaults are the paper's (Wang et al. 2025). */
export const papoOptionsSchema = grpoOptionsSchema.extend(perceptionTerm);
export type PapoOptions = z.output<typeof papoOptionsSchema>;

/** What of the options is GRPO's. */
function grpoOptionsOf({ perceptionCoefficient: _, perturbation: __, ...options }: PapoOptions): GrpoOptions {
  return options;
}

/** GRPO's loss minus perceptionCoefficient * k3(p(. | I) || p_old(. | I')), aggregated alike: what a look at the image must change. */
export function papoLoss(options: z.input<typeof papoOptionsSchema> = {}): Loss {
  const settings = papoOptionsSchema.parse(options);
  const base = grpoLoss(grpoOptionsOf(settings));
  return {
    columns: [...base.columns, "perturbedLogprobs", "hasImage"],
    compute(input) {
      const { logprobs, mask, miniBatch, columns } = input;
      const { loss, metrics } = base.compute(input);
      const weights = tf.mul(aggregationWeights(settings.aggregation, mask, miniBatch), columns["hasImage"]!);
      const divergence = weightedSum(estimateKl("k3", logprobs, columns["perturbedLogprobs"]!), weights);
      const term = tf.mul(divergence, -settings.perceptionCoefficient) as tf.Scalar;
      return {
        loss: tf.add(loss, term),
        metrics: { ...metrics, "loss/perception": term, "kl/perturbed": divergence },
      };
    },
  };
}

/** GRPO's advantage, with the log-probabilities of the same tokens behind the degraded image. */
export function papoAdvantage(options: PapoOptions, policy: Pick<Policy, "score" | "refreshReference">): Advantage {
  const base = grpoAdvantage(grpoOptionsOf(options), policy);
  const probe = new PerceptionProbe(policy, {
    estimator: "k3",
    perturbation: options.perturbation,
    sharing: "rollout",
  });
  return {
    async estimate(input) {
      const perceptions = await probe.measure(input.groups, input);
      const { credit, metrics } = await base.estimate(input);
      const column = (value: (group: number, rollout: number) => Float32Array | undefined) =>
        credit.map((rollouts, group) =>
          rollouts.map(({ advantages }, rollout) => value(group, rollout) ?? new Float32Array(advantages.length)),
        );
      const perturbed = column((group, rollout) => perceptions[group]?.[rollout]?.perturbedLogprobs);
      const hasImage = column((group, rollout) => perceptions[group]?.[rollout]?.perturbedLogprobs.map(() => 1));
      return {
        credit: withColumn(withColumn(credit, "perturbedLogprobs", perturbed), "hasImage", hasImage),
        metrics: {
          ...metrics,
          ...dependencyMetrics(perceptions.flatMap((group) => group?.map(({ dependency }) => dependency) ?? [])),
        },
      };
    },
  };
}

export default defineAlgorithm<PapoOptions>({
  name: "papo",
  optionsSchema: papoOptionsSchema,
  requirements: (options): readonly Capability[] => [...grpo.requirements(grpoOptionsOf(options)), "images"],
  // The degraded image's, and the base algorithm's.
  extraPasses: (options) => ({ current: 1, reference: options.klCoefficient > 0 ? 1 : 0 }),
  bind: (options) =>
    new ContainerModule(({ bind }) => {
      bind(Services.Advantage).toResolvedValue((policy) => papoAdvantage(options, policy), [Services.Policy]);
      bind(Services.Loss).toConstantValue(papoLoss(options));
    }),
});
