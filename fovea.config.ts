import { defineConfig } from "@fovea-rl/trainer";

// What `npm start` trains: a policy of 156 thousand parameters on pairs of handwritten digits, in a few minutes on two cores.
export default defineConfig({
  // The paper's settings but one: with about twenty tokens an answer, the entropy term only adds noise.
  algorithm: { use: "vppo", options: { entropyPenalty: 0 } },
  policy: "tfjs",
  task: "digits",
  rewards: ["boxed-answer", { use: "format", weight: 0.1 }],
  sampling: { temperature: 1, maximumTokens: 32 },
  training: {
    updates: 150,
    promptsPerUpdate: 32,
    rolloutsPerPrompt: 8,
    miniBatchesPerUpdate: 2,
    learningRate: { peak: 2e-4, warmUpUpdates: 10 },
  },
  evaluation: { prompts: 1000, everyUpdates: 25, progressPrompts: 200 },
  checkpoints: { everyUpdates: 25 },
  // `fovea compare`: DAPO as the VPPO paper ran it, and no entropy term for anyone.
  comparison: {
    algorithms: ["grpo", { use: "dapo", options: { dualClip: 3 } }, { use: "vppo", options: { entropyPenalty: 0 } }],
    seeds: [1, 2, 3],
  },
});
