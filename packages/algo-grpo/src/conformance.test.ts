import { describeAlgorithm } from "@fovea-rl/testkit";
import grpo from "./index.ts";

describeAlgorithm(grpo, {
  variants: {
    "Dr. GRPO": { advantage: "mean-centred", aggregation: { constant: 16 }, klCoefficient: 0 },
    RLOO: { advantage: "leave-one-out", aggregation: "sequence-mean-token-sum" },
    "k1, refreshed reference": { klEstimator: "k1", klCoefficient: 0.1, referenceRefresh: 3 },
    "k2, dual clip, entropy penalty": {
      klEstimator: "k2",
      dualClip: 3,
      entropyPenalty: 0.06,
      aggregation: "token-mean",
    },
  },
});
