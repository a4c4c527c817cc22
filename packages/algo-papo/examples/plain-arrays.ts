import { evaluateLoss, groupNormalisedAdvantage, papoLoss } from "@fovea-rl/algo-papo";

// Two answers to one question about an image; the first was right.
const advantages = groupNormalisedAdvantage([1, 0]);

// Log-probabilities of their tokens: now, when they were sampled, and then behind a degraded copy of the image.
const answers = [
  { now: [-0.1, -0.9], sampled: [-0.2, -1.0], degraded: [-0.2, -3.5] },
  { now: [-0.7, -2.0, -0.2], sampled: [-0.7, -1.9, -0.2], degraded: [-0.7, -2.2, -0.3] },
];
const rollouts = answers.map(({ now, sampled, degraded }, index) => ({
  logprobs: now,
  behaviourLogprobs: sampled,
  credit: {
    advantages: now.map(() => advantages[index]!),
    columns: { perturbedLogprobs: degraded, hasImage: now.map(() => 1) },
  },
}));

const { loss, gradients } = evaluateLoss(papoLoss({ klCoefficient: 0, perceptionCoefficient: 0.02 }), rollouts);
console.log("loss", loss.toFixed(4));
for (const gradient of gradients) console.log(Array.from(gradient, (value) => value.toFixed(4)).join(" "));
