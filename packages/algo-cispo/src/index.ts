export { evaluateLoss, groupNormalisedAdvantage } from "@fovea-rl/core";
export type { CispoOptions } from "./cispo.ts";
export { cispoAdvantage, cispoLoss, cispoOptionsSchema, default } from "./cispo.ts";
