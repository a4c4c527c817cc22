export type { DependencyStatistics, Histogram } from "./dependency-statistics.ts";
export {
  dependencyHistogram,
  dependencyMetrics,
  dependencyStatistics,
} from "./dependency-statistics.ts";
export { DependencySummary, trajectoryDependency } from "./dependency-summary.ts";
export type { GaussianBlurOptions } from "./gaussian-blur.ts";
export { gaussianBlur } from "./gaussian-blur.ts";
export type { GaussianNoiseOptions } from "./gaussian-noise.ts";
export { gaussianNoise } from "./gaussian-noise.ts";
export type { GreyOptions } from "./grey.ts";
export { grey } from "./grey.ts";
export type { PatchBlackOptions } from "./patch-black.ts";
export { patchBlack } from "./patch-black.ts";
export type { PerceptionOptions } from "./perception-options.ts";
export { perceptionOptionsSchema, perceptionRequirements } from "./perception-options.ts";
export type { PerceptionDraw, RolloutPerception } from "./perception-probe.ts";
export { PerceptionProbe } from "./perception-probe.ts";
export type { PerturbationOptions } from "./perturbation-options.ts";
export { createPerturbation, perturbationOptionsSchema } from "./perturbation-options.ts";
export type { DependencyEstimator } from "./visual-dependency.ts";
export { DEPENDENCY_ESTIMATORS, distributionDependency, k3Dependency } from "./visual-dependency.ts";
