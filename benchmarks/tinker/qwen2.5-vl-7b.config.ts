// VPPO on Qwen2.5-VL-7B through a SkyRL cluster, with the paper's hyper-parameters (Huang et al. 2025). Not run: docs/remote-engine.md
// says what was. The training questions are a task of your own, ./image-questions.ts: see docs/write-an-algorithm.md for plug-ins.
import { defineConfig } from "@fovea-rl/trainer";

export default defineConfig({
  // On DAPO with a dual clip of 3, patches blackened with probability 0.5, k = 0.4, betaMin 0.9, entropy penalty 0.06: its defaults.
  algorithm: "vppo",
  policy: {
    use: "tinker",
    options: {
      server: { url: "https://skyrl.example.org", apiKey: { environment: "SKYRL_API_KEY" } },
      baseModel: "Qwen/Qwen2.5-VL-7B-Instruct",
      // config.json, tokenizer.json, tokenizer_config.json, chat_template, preprocessor_config.json, generation_config.json.
      modelFiles: "./qwen2.5-vl-7b-files",
      images: { maximumPixels: 1_003_520 },
      // 0: all weights, as in the paper.
      lora: { rank: 0 },
      // Neither VPPO on DAPO nor its baselines there have a KL: no second server is needed.
      reference: "none",
      // The sampler (vLLM) and the trainer (FSDP) differ in their arithmetic; the paper's framework scores anew too.
      behaviourLogprobs: "trainer",
      maximumContext: 16_384,
      operationSeconds: 7200,
    },
  },
  task: "./image-questions.ts",
  rewards: ["boxed-answer"],
  sampling: { temperature: 1, topP: 0.99, maximumTokens: 2048 },
  training: {
    promptsPerUpdate: 384,
    rolloutsPerPrompt: 8,
    miniBatchesPerUpdate: 3,
    learningRate: { peak: 1e-6 },
    // The protocol of SkyRL has no field for it: the cluster's own configuration clips.
    maximumGradientNorm: null,
  },
});
