export { evaluateLoss, groupNormalisedAdvantage } from "@fovea-rl/core";
export type { GspoOptions } from "./gspo.ts";
export { default, gspoAdvantage, gspoLoss, gspoOptionsSchema, sequenceRatio } from "./gspo.ts";
