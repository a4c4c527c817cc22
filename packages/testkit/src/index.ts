export type { AlgorithmSuiteSettings } from "./describe-algorithm.ts";
export { describeAlgorithm } from "./describe-algorithm.ts";
export { describeExample } from "./describe-example.ts";
export { describePolicy } from "./describe-policy.ts";
export type { GoldenAlgorithms, GoldenLoss, GoldenVppoLoss } from "./golden-algorithms.ts";
export { GOLDEN_SIZES, goldenAlgorithms, relativeDifference } from "./golden-algorithms.ts";
export { evaluateGolden, goldenGroups, goldenPolicy } from "./golden-rollouts.ts";
export type { PolicySuiteSettings } from "./policy-suite.ts";
