import { z } from "zod";
import { FAMILIES, familiesOf } from "./question.ts";

/** Options of the digits task. Sizes and shifts are in pixels. */
export const digitsOptionsSchema = z
  .strictObject({
    /** `pair`: two digits side by side; `quad`: three or four in a 2x2 grid. */
    level: z.enum(["pair", "quad"]).default("pair"),
    /** Which kinds of questions are asked, each as often; by default all of the level's. */
    families: z.array(z.enum(FAMILIES)).nonempty().optional(),
    /** Side of the square image. Must be the vision tower's `image_size`, or images get resized. */
    imageSize: z.int().min(28).max(1024).default(40),
    /** 1 shows the 28x28 scans at their own size. */
    digitScale: z.number().min(0.25).max(16).default(1),
    /** Largest shift of a digit from the middle of its place; by default 2 for a pair, 1 for a quad. */
    horizontalShift: z.int().min(0).max(256).optional(),
    /** By default 4 for a pair, whose places are tall, and 1 for a quad. */
    verticalShift: z.int().min(0).max(256).optional(),
    /** Ink is drawn at a contrast from here to 1. */
    minimumContrast: z.number().gt(0).max(1).default(0.5),
    /** Number of held-out prompts. */
    heldOutSize: z.int().min(1).max(1_000_000).default(1000),
    /**
     * Put behind each question, after an empty line. The base policy of `@fovea-rl/digits-base-policy` needs none; a general
     * model must be told to answer `<think>...</think>\boxed{...}`.
     */
    instruction: z.string().min(1).optional(),
  })
  .superRefine(({ level, families = [] }, context) => {
    const wrong = families.find((family) => !familiesOf(level).includes(family));
    if (wrong !== undefined) {
      context.addIssue({ code: "custom", path: ["families"], message: `"${wrong}" is not asked at level "${level}"` });
    }
    if (new Set(families).size < families.length) {
      context.addIssue({ code: "custom", path: ["families"], message: "a family stands twice" });
    }
  })
  .transform((options) => ({
    ...options,
    families: options.families ?? familiesOf(options.level),
    horizontalShift: options.horizontalShift ?? (options.level === "pair" ? 2 : 1),
    verticalShift: options.verticalShift ?? (options.level === "pair" ? 4 : 1),
  }));

export type DigitsOptions = z.output<typeof digitsOptionsSchema>;
