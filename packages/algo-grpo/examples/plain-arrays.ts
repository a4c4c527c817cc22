import { evaluateLoss, groupNormalisedAdvantage, grpoLoss } from "@fovea-rl/algo-grpo";

// Three answers to one question; the first was right.
const advantages = groupNormalisedAdvantage([1, 0, 0]);

// Log-probabilities of their tokens: now, when they were sampled, and under the reference policy.
const answers = [
  { now: [-0.1, -0.9], sampled: [-0.4, -1.0], reference: [-0.5, -1.2] },
  { now: [-0.7, -2.0, -0.2], sampled: [-0.7, -1.6, -0.2], reference: [-0.7, -1.5, -0.3] },
  { now: [-1.3], sampled: [-1.2], reference: [-1.2] },
];
const rollouts = answers.map(({ now, sampled, reference }, index) => ({
  logprobs: now,
  behaviourLogprobs: sampled,
  credit: { advantages: now.map(() => advantages[index]!), columns: { referenceLogprobs: reference } },
}));

const { loss, gradients } = evaluateLoss(grpoLoss({ klCoefficient: 0.01 }), rollouts);
console.log("loss", loss.toFixed(4));
for (const gradient of gradients) console.log(Array.from(gradient, (value) => value.toFixed(4)).join(" "));
