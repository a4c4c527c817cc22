import { defineConfig } from "@fovea-rl/trainer";

// `fovea train` here trains the small base policy on questions about images of handwritten digits, with this algorithm.
export default defineConfig({
  algorithm: "{{packageName}}",
  policy: { use: "@fovea-rl/policy-tfjs", options: { backend: "wasm" } },
  task: "@fovea-rl/tasks/digits",
  training: { updates: 20, promptsPerUpdate: 16, rolloutsPerPrompt: 8, learningRate: { peak: 1e-4 } },
  evaluation: { prompts: 200 },
});
