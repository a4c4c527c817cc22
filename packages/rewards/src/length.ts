import type { Verdict, Verifier } from "@fovea-rl/core";
import { overlongPenalty } from "@fovea-rl/core/overlong-penalty";
import { defineVerifier } from "@fovea-rl/core/plugin";
import { z } from "zod";

const options = z
  .strictObject({
    /** The longest response allowed, in tokens. */
    maximumLength: z.number().int().positive().default(2048),
    /** The penalty grows over this many tokens below it. */
    bufferLength: z.number().int().positive().default(512),
    /** What a response of `maximumLength` loses. */
    factor: z.number().nonnegative().default(1),
  })
  .refine(({ maximumLength, bufferLength }) => bufferLength <= maximumLength, {
    message: "bufferLength must be at most maximumLength",
  });

export type LengthOptions = z.output<typeof options>;

/** A penalty, 0 down to -factor, for responses that come close to the longest allowed. */
export function lengthVerifier(chosen: LengthOptions): Verifier {
  return {
    name: "length",
    verify(_prompt, { tokens }): Verdict {
      const length = Math.max(overlongPenalty(tokens.length, chosen), -chosen.factor);
      return { reward: length, components: { length }, reason: `${tokens.length} tokens` };
    },
  };
}

export default defineVerifier<LengthOptions>({ name: "length", optionsSchema: options, create: lengthVerifier });
