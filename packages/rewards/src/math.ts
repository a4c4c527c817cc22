import { defineVerifier } from "@fovea-rl/core/plugin";
import { z } from "zod";
import { mathVerifier } from "./math-verifier.ts";
import { type PresetName, presetNames } from "./presets.ts";

const options = z.strictObject({
  /** Settings as published work had them; every option below overrides its part. */
  preset: z.enum(presetNames).default("default" satisfies PresetName),
  extraction: z
    .strictObject({
      methods: z
        .array(z.enum(["boxed", "answer-tag", "answer-line", "answer-phrase", "whole", "formula", "number"]))
        .min(1)
        .optional(),
      boxes: z.enum(["last", "joined"]).optional(),
      thinking: z.enum(["excluded", "included"]).optional(),
    })
    .optional(),
  equivalence: z
    .strictObject({
      tolerance: z.strictObject({ absolute: z.number().nonnegative(), relative: z.number().nonnegative() }).optional(),
      roundingDigits: z.number().positive().optional(),
      units: z.enum(["ignored", "checked"]).optional(),
      inequalityForSet: z.boolean().optional(),
      lists: z.enum(["any-order", "ordered"]).optional(),
      letterWithValue: z.enum(["accepted", "refused"]).optional(),
    })
    .optional(),
  right: z.number().optional(),
  wrong: z.number().optional(),
  accuracyWeight: z.number().optional(),
  formatWeight: z.number().optional(),
  overlong: z
    .strictObject({
      maximumLength: z.number().int().positive(),
      bufferLength: z.number().int().positive(),
      factor: z.number().nonnegative().optional(),
    })
    .refine(({ maximumLength, bufferLength }) => bufferLength <= maximumLength, {
      message: "bufferLength must be at most maximumLength",
    })
    .optional(),
  deadlineMilliseconds: z.number().positive().max(1000).optional(),
});

export type MathOptions = z.output<typeof options>;

export default defineVerifier<MathOptions>({
  name: "math",
  optionsSchema: options,
  create: (given) => mathVerifier(defined(given)),
});

/** Without the keys whose value is undefined, so that they do not override a preset's. */
function defined(given: MathOptions): Parameters<typeof mathVerifier>[0] {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const nested = entries.map(([key, value]) =>
    key === "extraction" || key === "equivalence"
      ? [key, Object.fromEntries(Object.entries(value as object).filter(([, part]) => part !== undefined))]
      : [key, value],
  );
  return Object.fromEntries(nested);
}
