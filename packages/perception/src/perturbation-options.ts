import type { Perturbation } from "@fovea-rl/core";
import { z } from "zod";
import { gaussianBlur } from "./gaussian-blur.ts";
import { gaussianNoise } from "./gaussian-noise.ts";
import { grey } from "./grey.ts";
import { patchBlack } from "./patch-black.ts";

const kinds = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("patch-black"),
    patchSize: z.int().positive().default(14).describe("Side of a patch in pixels."),
    probability: z.number().min(0).max(1).default(0.5).describe("Of each patch to be blackened."),
  }),
  z.strictObject({
    kind: z.literal("gaussian-noise"),
    standardDeviation: z.number().nonnegative().default(189).describe("In units of 8-bit intensity."),
  }),
  z.strictObject({
    kind: z.literal("gaussian-blur"),
    radius: z.number().positive().default(6).describe("Standard deviation of the kernel in pixels."),
  }),
  z.strictObject({
    kind: z.literal("grey"),
    intensity: z.int().min(0).max(255).default(128).describe("The one grey that remains."),
  }),
]);

/** A perturbation with its settings: `"grey"`, or `{ kind: "grey", intensity: 100 }`. The defaults are VPPO's. */
export const perturbationOptionsSchema = z.preprocess(
  (value) => (typeof value === "string" ? { kind: value } : value),
  kinds,
);

export type PerturbationOptions = z.output<typeof perturbationOptionsSchema>;

export function createPerturbation(options: PerturbationOptions): Perturbation {
  switch (options.kind) {
    case "patch-black":
      return patchBlack(options);
    case "gaussian-noise":
      return gaussianNoise(options);
    case "gaussian-blur":
      return gaussianBlur(options);
    case "grey":
      return grey(options);
  }
}
