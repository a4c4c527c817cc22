import { describeAlgorithm } from "@fovea-rl/testkit";
import algorithm from "./index.ts";

// Finite gradients, exact normalisation over micro-batches, zero advantage without spread, and the rest of what every
// algorithm must hold to. Name each setting that changes the mathematics.
describeAlgorithm(algorithm, { variants: { "narrow clip": { clip: 0.05 } } });
