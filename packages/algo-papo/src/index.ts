export { evaluateLoss, groupNormalisedAdvantage } from "@fovea-rl/core";
export type { PapoOptions } from "./papo.ts";
export { default, papoAdvantage, papoLoss, papoOptionsSchema } from "./papo.ts";
