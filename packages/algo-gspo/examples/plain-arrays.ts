import { evaluateLoss, groupNormalisedAdvantage, gspoLoss } from "@fovea-rl/algo-gspo";

// Three answers to one question; the first was right.
const advantages = groupNormalisedAdvantage([1, 0, 0]);

// Log-probabilities of their tokens: now, and when they were sampled.
const answers = [
  { now: [-0.1, -0.9], sampled: [-0.4, -1.0] },
  { now: [-0.7, -2.0, -0.2], sampled: [-0.7, -1.6, -0.2] },
  { now: [-1.3], sampled: [-1.2] },
];
const rollouts = answers.map(({ now, sampled }, index) => ({
  logprobs: now,
  behaviourLogprobs: sampled,
  credit: { advantages: now.map(() => advantages[index]!) },
}));

const { loss, gradients } = evaluateLoss(gspoLoss(), rollouts);
console.log("loss", loss.toFixed(4));
for (const gradient of gradients) console.log(Array.from(gradient, (value) => value.toFixed(4)).join(" "));
