export { softTokenMask, tokenWeights, topTokenMask } from "./token-filtering.ts";
export type { TrajectoryShaping } from "./trajectory-shaping.ts";
export { trajectoryShaping } from "./trajectory-shaping.ts";
export { default, vppoLoss } from "./vppo.ts";
export { VppoAdvantage } from "./vppo-advantage.ts";
export type { FilteringOptions, ShapingOptions, VppoOptions } from "./vppo-options.ts";
export { filteringOptionsSchema, shapingOptionsSchema, vppoOptionsSchema } from "./vppo-options.ts";
