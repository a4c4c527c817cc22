import { describeAlgorithm } from "@fovea-rl/testkit";
import dapo from "./index.ts";

describeAlgorithm(dapo, {
  variants: {
    "dual clip and entropy penalty": { dualClip: 3, entropyPenalty: 0.06 },
    "overlong shaping, no dynamic sampling": {
      dynamicSampling: false,
      overlong: { maximumLength: 8, bufferLength: 4 },
      aggregation: "sequence-mean-token-mean",
    },
  },
});
