import { dapoLoss, evaluateLoss, groupNormalisedAdvantage, overlongPenalty } from "@fovea-rl/algo-dapo";

// Log-probabilities of the tokens of three answers to one question: now, and when they were sampled. The first was right.
const answers = [
  { reward: 1, now: [-0.1, -0.9], sampled: [-0.4, -1.0] },
  { reward: 0, now: [-0.7, -2.0, -0.2, -0.3], sampled: [-0.7, -1.6, -0.2, -0.3] },
  { reward: 0, now: [-1.3], sampled: [-1.2] },
];

// The second runs into the limit of four tokens.
const rewards = answers.map(
  ({ reward, now }) => reward + overlongPenalty(now.length, { maximumLength: 4, bufferLength: 2 }),
);
const advantages = groupNormalisedAdvantage(rewards);
const rollouts = answers.map(({ now, sampled }, index) => ({
  logprobs: now,
  behaviourLogprobs: sampled,
  credit: { advantages: now.map(() => advantages[index]!) },
}));

const { loss, gradients } = evaluateLoss(dapoLoss({ dualClip: 3 }), rollouts);
console.log("loss", loss.toFixed(4));
for (const gradient of gradients) console.log(Array.from(gradient, (value) => value.toFixed(4)).join(" "));
