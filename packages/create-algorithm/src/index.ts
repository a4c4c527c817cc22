export { CreateAlgorithmError } from "./create-algorithm-error.ts";
export type { WrittenPackage } from "./write-algorithm-package.ts";
export { writeAlgorithmPackage } from "./write-algorithm-package.ts";
