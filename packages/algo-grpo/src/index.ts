export {
  evaluateLoss,
  groupNormalisedAdvantage,
  leaveOneOutAdvantage,
  meanCentredAdvantage,
} from "@fovea-rl/core";
export type { GrpoOptions } from "./grpo.ts";
export { default, grpoAdvantage, grpoLoss, grpoOptionsSchema } from "./grpo.ts";
