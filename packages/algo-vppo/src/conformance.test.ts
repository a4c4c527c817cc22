import { describeAlgorithm } from "@fovea-rl/testkit";
import vppo from "./index.ts";

// Every published ablation, each one line of config.
describeAlgorithm(vppo, {
  runs: 4,
  variants: {
    "on GRPO": { base: "grpo" },
    "on GRPO without KL, with fewer tokens": {
      base: { algorithm: "grpo", klCoefficient: 0 },
      filtering: { fraction: 0.2 },
    },
    "shaping only": { filtering: false },
    "filtering only": { shaping: false },
    neither: { shaping: false, filtering: false },
    "fixed range": { shaping: { betaMin: 0.8, betaMax: 1.2 } },
    "normalised over the batch": { shaping: { scope: "batch" } },
    "normalised over the group": { shaping: { scope: "group" } },
    "shaped reward": { shaping: { target: "reward" } },
    "tokens by entropy": { filtering: { selection: "entropy" } },
    "tokens at random": { filtering: { selection: "random" }, shaping: false },
    "soft mask": { filtering: { mask: "soft" } },
    "full KL": { perception: { estimator: "kl" } },
    "Jensen-Shannon": { perception: { estimator: "jsd" } },
    "top-1 drop": { perception: { estimator: "top1-drop" } },
    "small patches": { perception: { perturbation: { kind: "patch-black", patchSize: 7, probability: 0.3 } } },
    noise: { perception: { perturbation: "gaussian-noise" } },
    blur: { perception: { perturbation: "gaussian-blur" } },
    "grey, one per prompt": { perception: { perturbation: "grey", sharing: "prompt" } },
  },
  // The factor differs between rollouts of the same reward.
  advantageWithoutSpread: ["shaped reward"],
});
