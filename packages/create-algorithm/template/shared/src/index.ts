export type { AlgorithmOptions } from "./algorithm.ts";
export { algorithmAdvantage, algorithmLoss, default, optionsSchema } from "./algorithm.ts";
