// VPPO on Qwen2.5-VL-7B through a SkyRL cluster, with the paper's hyper-parameters (Huang et al. 2025, arXiv 2510.09285). What of it
// was run and what was not: docs/remote-engine.md. To use it:
//   1. copy it to a folder of your own as fovea.config.ts, beside questions/train.jsonl and questions/held-out.jsonl
//      (one line a question: { "question": "... <image> ...", "answer": "...", "images": ["..."] });
//   2. put the model's small files into qwen2.5-vl-7b-files: config.json, generation_config.json, tokenizer.json,
//      tokenizer_config.json, chat_template.json, preprocessor_config.json; no weights;
//   3. npm install sharp; export SKYRL_API_KEY=...; npx fovea doctor fovea.config.ts; npx fovea train
import { defineConfig } from "@fovea-rl/trainer";

export default defineConfig({
  // On DAPO with a dual clip of 3, patches blackened with probability 0.5, k = 0.4, betaMin 0.9, entropy penalty 0.06: its defaults.
  algorithm: "vppo",
  policy: {
    use: "tinker",
    options: {
      server: { url: "https://skyrl.example.org", apiKey: { environment: "SKYRL_API_KEY" } },
      baseModel: "Qwen/Qwen2.5-VL-7B-Instruct",
      modelFiles: "./qwen2.5-vl-7b-files",
      // Ours: at most 1280 tokens an image.
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
  task: {
    use: "image-questions",
    options: {
      train: "questions/train.jsonl",
      heldOut: "questions/held-out.jsonl",
      instruction: "Think step by step, and put the final answer in \\boxed{}.",
    },
  },
  rewards: ["boxed-answer"],
  // The length is ours.
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
