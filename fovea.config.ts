import { defineConfig } from "@fovea-rl/trainer";

// What `npm start` trains: a policy of 156 thousand parameters on pairs of handwritten digits, in a few minutes on two cores.
export default defineConfig({
  algorithm: {
    use: "vppo",
    options: {
      // Patches of the size of a stroke, as 14 pixels are on the paper's images; one degraded image a prompt shares its prefix.
      perception: { perturbation: { kind: "patch-black", patchSize: 5 }, sharing: "prompt" },
      // With ten tokens an answer the entropy term only adds noise: measured, it halves what 40 updates gain.
      entropyPenalty: 0,
    },
  },
  policy: {
    use: "tfjs",
    // Results are the same for any number of workers.
    options: { workers: 2, optimiser: { weightDecay: 0 } },
  },
  task: "digits",
  rewards: ["boxed-answer"],
  sampling: { temperature: 1, maximumTokens: 24 },
  training: {
    updates: 200,
    promptsPerUpdate: 32,
    rolloutsPerPrompt: 8,
    miniBatchesPerUpdate: 2,
    learningRate: { peak: 4e-4, warmUpUpdates: 5 },
  },
  evaluation: { prompts: 1000, everyUpdates: 25, progressPrompts: 200 },
  checkpoints: { everyUpdates: 25 },
  // For `fovea compare`: DAPO as the VPPO paper ran it, VPPO as above.
  comparison: { algorithms: ["grpo", { use: "dapo", options: { dualClip: 3 } }, "vppo"], seeds: [1, 2, 3, 4, 5] },
});
