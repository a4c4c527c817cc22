import * as vppo from "@fovea-rl/algo-vppo";

// Log-probabilities of the tokens of two answers to one question: now, when they were sampled, and behind a degraded image.
const answers = [
  { reward: 1, now: [-0.1, -0.9, -0.2], sampled: [-0.4, -1.0, -0.2], degraded: [-0.4, -3.5, -0.3] },
  { reward: 0, now: [-0.7, -2.0, -0.2, -0.3], sampled: [-0.7, -1.6, -0.2, -0.3], degraded: [-0.7, -1.9, -0.2, -0.6] },
];
const { shaping, filtering, ...rest } = vppo.vppoOptionsSchema.parse({});
if (shaping === false || filtering === false) throw new Error("both are on by default");

const dependencies = answers.map(({ sampled, degraded }) => vppo.k3Dependency(sampled, degraded));
const { factors } = vppo.trajectoryShaping(dependencies.map(vppo.trajectoryDependency), shaping);
const advantages = vppo.groupNormalisedAdvantage(answers.map(({ reward }) => reward));
const rollouts = answers.map(({ now, sampled }, index) => ({
  logprobs: now,
  behaviourLogprobs: sampled,
  credit: {
    advantages: now.map(() => advantages[index]! * factors[index]!),
    columns: { tokenWeights: vppo.tokenWeights(dependencies[index]!, filtering) },
  },
}));

const { loss, gradients } = vppo.evaluateLoss(vppo.vppoLoss({ ...rest, shaping, filtering }), rollouts);
console.log("loss", loss.toFixed(4));
for (const gradient of gradients) console.log(Array.from(gradient, (value) => value.toFixed(4)).join(" "));
