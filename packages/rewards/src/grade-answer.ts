import { withBudget } from "./budget.ts";
import { gradeChoice } from "./choice/grade-choice.ts";
import { equivalent } from "./equivalence/equivalent.ts";
import { defaultEquivalence, type EquivalenceSettings } from "./equivalence/settings.ts";
import {
  defaultExtraction,
  type ExtractionMethod,
  type ExtractionOptions,
  extractAnswer,
} from "./extraction/extract-answer.ts";
import { extractReference } from "./extraction/extract-reference.ts";

export interface GradeOptions {
  /** The options of a multiple-choice question, in order; without them the answer is free-form. */
  readonly options?: readonly string[] | undefined;
  readonly extraction?: Partial<ExtractionOptions> | undefined;
  readonly equivalence?: Partial<EquivalenceSettings> | undefined;
  /**
   * A wall-clock limit for the verdict; the answer counts as wrong when it passes. By default there is only the limit on steps,
   * a few milliseconds of work on any current core, which unlike a clock gives the same verdict on a busy machine.
   */
  readonly deadlineMilliseconds?: number | undefined;
}

/** A verdict and what it rests on. */
export interface Grade {
  readonly correct: boolean;
  /** What was taken to be the answer. */
  readonly extracted?: string;
  readonly method?: ExtractionMethod;
  /** The rule by which a right answer is right, or why there is no credit. */
  readonly reason: string;
}

/** Of 1636 real and written pairs of answers the costliest takes 1150 steps, half of them at most 28. */
const stepsPerVerdict = 20_000;
const longestExtract = 2000;
/** How the reason of a verdict starts that fell because the grader itself failed. */
export const graderFault = "a fault of the grader's own";

/**
 * Whether a response gives the reference's answer. Any text whatever gets a grade, never an exception, within the deadline.
 *
 * @param reference the right answer, as LaTeX or plain text; for multiple choice the letter or the value of the right option.
 */
export function gradeAnswer(reference: string, response: string, options: GradeOptions = {}): Grade {
  const limits = { steps: stepsPerVerdict, milliseconds: options.deadlineMilliseconds };
  try {
    return withBudget<Grade>(
      limits,
      () => grade(reference, response, options),
      () => ({ correct: false, reason: "too intricate to decide within the budget" }),
    );
  } catch (error) {
    // A run must not end because of one response. The fuzz run looks for this reason and fails on it.
    return { correct: false, reason: `${graderFault}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function grade(reference: string, response: string, { options, extraction, equivalence }: GradeOptions): Grade {
  const settings = { ...defaultEquivalence, ...equivalence };
  const found = extractAnswer(response, { ...defaultExtraction, ...extraction });
  if (found.answer === undefined) return { correct: false, reason: found.fault };
  const taken = { extracted: found.answer.slice(0, longestExtract), method: found.method };
  if (options && options.length > 0) return { ...gradeChoice(reference, options, found.answer, settings), ...taken };
  const rule = equivalent(extractReference(reference), found.answer, settings);
  return { correct: rule !== undefined, ...taken, reason: rule ?? "not the reference answer" };
}
