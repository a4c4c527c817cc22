import type { Verdict, Verifier } from "@fovea-rl/core";
import { combineVerdicts, type WeightedVerdict } from "@fovea-rl/core/combine-verdicts";
import { overlongPenalty } from "@fovea-rl/core/overlong-penalty";
import { formatVerifier } from "./format.ts";
import { gradeAnswer } from "./grade-answer.ts";
import { type MathSettings, type PresetName, presets } from "./presets.ts";

export interface MathVerifierOptions extends Partial<MathSettings> {
  /** The settings to start from; what is given beside it wins. */
  readonly preset?: PresetName;
  /** A wall-clock limit for each verdict, beside the limit on steps that always holds. */
  readonly deadlineMilliseconds?: number;
}

/** Accuracy of a mathematical or multiple-choice answer, with format and length where the preset or the options weigh them. */
export function mathVerifier({
  preset = "default",
  deadlineMilliseconds,
  ...given
}: MathVerifierOptions = {}): Verifier {
  const settings: MathSettings = {
    ...presets[preset],
    ...given,
    extraction: { ...presets[preset].extraction, ...given.extraction },
    equivalence: { ...presets[preset].equivalence, ...given.equivalence },
  };
  const format = formatVerifier({ thinkingOpenedByTemplate: false, answer: "boxed" });
  return {
    name: "math",
    async verify(prompt, rollout): Promise<Verdict> {
      const grade = gradeAnswer(prompt.referenceAnswer, rollout.text, {
        options: prompt.options,
        extraction: settings.extraction,
        equivalence: settings.equivalence,
        deadlineMilliseconds,
      });
      const accuracy: Verdict = {
        reward: grade.correct ? settings.right : settings.wrong,
        components: { accuracy: Number(grade.correct) },
        ...(grade.extracted === undefined ? {} : { extracted: grade.extracted }),
        reason: grade.method ? `${grade.reason} (${grade.method})` : grade.reason,
      };
      const parts: WeightedVerdict[] = [{ name: "accuracy", weight: settings.accuracyWeight, verdict: accuracy }];
      if (settings.formatWeight !== 0) {
        parts.push({ name: "format", weight: settings.formatWeight, verdict: await format.verify(prompt, rollout) });
      }
      if (settings.overlong) {
        const penalty = overlongPenalty(rollout.tokens.length, settings.overlong);
        parts.push({ name: "overlong", weight: 1, verdict: { reward: penalty, components: { overlong: penalty } } });
      }
      return combineVerdicts(parts);
    },
  };
}
