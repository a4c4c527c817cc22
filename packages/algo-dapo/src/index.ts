export { evaluateLoss, groupNormalisedAdvantage, overlongPenalty } from "@fovea-rl/core";
export type { DapoLossOptions, DapoOptions } from "./dapo.ts";
export { dapoAdvantage, dapoLoss, dapoOptionsSchema, default, dynamicSampling, overlongShaping } from "./dapo.ts";
