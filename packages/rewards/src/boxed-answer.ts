import type { Verdict, Verifier } from "@fovea-rl/core";
import { defineVerifier } from "@fovea-rl/core/plugin";
import { z } from "zod";
import { parsePlainNumber } from "./extraction/plain-number.ts";
import { strictBox } from "./extraction/strict-box.ts";

const options = z.strictObject({
  /** `exact` compares characters after trimming; `numeric` compares plain numbers (`7`, `-0.5`, `1/2`) by value. */
  comparison: z.enum(["exact", "numeric"]).default("numeric"),
  /** Largest absolute difference that still counts as the same number. */
  tolerance: z.number().nonnegative().default(0),
  /** `excluded`: only what follows `</think>` can hold the answer. */
  thinking: z.enum(["excluded", "included"]).default("excluded"),
});

export type BoxedAnswerOptions = z.output<typeof options>;

/** Accuracy of the last `\boxed{}` and nothing else: no box, no credit. */
export function boxedAnswerVerifier({ comparison, tolerance, thinking }: BoxedAnswerOptions): Verifier {
  const matches = (answer: string, reference: string): boolean => {
    if (answer === reference) return true;
    if (comparison === "exact") return false;
    const [value, expected] = [parsePlainNumber(answer), parsePlainNumber(reference)];
    return value !== undefined && expected !== undefined && Math.abs(value - expected) <= tolerance;
  };
  return {
    name: "boxed-answer",
    verify({ referenceAnswer }, { text }): Verdict {
      const box = strictBox(text, { thinking });
      if (box.content === undefined) return { reward: 0, components: { accuracy: 0 }, reason: box.reason };
      const isRight = matches(box.content, referenceAnswer.trim());
      return {
        reward: Number(isRight),
        components: { accuracy: Number(isRight) },
        extracted: box.content,
        reason: isRight ? `the box is ${referenceAnswer.trim()}` : `the box is not ${referenceAnswer.trim()}`,
      };
    },
  };
}

export default defineVerifier<BoxedAnswerOptions>({
  name: "boxed-answer",
  optionsSchema: options,
  create: boxedAnswerVerifier,
});
