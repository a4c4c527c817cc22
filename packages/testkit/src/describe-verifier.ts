import type { Prompt, Rollout, Verdict, Verifier, VerifierDefinition } from "@fovea-rl/core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { describeOptions } from "./describe-options.ts";
import { SUITE_TIMEOUT } from "./suite-timeout.ts";
import { validatedOptions } from "./validated-options.ts";

export interface VerifierSuiteSettings {
  /** The verifier's options. Default `{}`. */
  readonly options?: unknown;
  /** Prompts of the kinds it grades: each kind of reference answer that it reads. */
  readonly prompts: readonly Prompt[];
  /** Answers that it should find right, by the index of the prompt: a verifier that never says yes is total and useless. */
  readonly rightAnswers?: readonly (readonly [prompt: number, text: string])[];
  /** Milliseconds in which the longest hostile answer (100 000 characters) must be graded. Default 5000. */
  readonly bound?: number;
  /** Arbitrary answers tried. Default 300. */
  readonly runs?: number;
}

const LENGTH = 100_000;

/** Long answers of the kinds that make parsers backtrack, recurse or copy. */
const hostileAnswers: Readonly<Record<string, string>> = {
  "opening braces": "{".repeat(LENGTH),
  "opening brackets": "(".repeat(LENGTH),
  "nested boxes": "\\boxed{".repeat(LENGTH / 7),
  "nested boxes that close": `${"\\boxed{".repeat(LENGTH / 8)}${"}".repeat(LENGTH / 8)}`,
  "nested fractions": "\\frac{1}{".repeat(LENGTH / 9),
  "boxed nested fractions": `\\boxed{${"\\frac{1}{".repeat(LENGTH / 10)}2${"}".repeat(LENGTH / 10)}}`,
  "towers of powers": `\\boxed{${"9^".repeat(LENGTH / 2)}9}`,
  factorials: `\\boxed{99${"!".repeat(LENGTH)}}`,
  "one long number": `\\boxed{${"7".repeat(LENGTH)}}`,
  "a huge exponent": "\\boxed{1e999999999}",
  spaces: `\\boxed{${" ".repeat(LENGTH)}}`,
  "opening tags": "<think>".repeat(LENGTH / 7),
  "alternating signs": `\\boxed{${"-+".repeat(LENGTH / 2)}1}`,
  "many boxes": "\\boxed{1} ".repeat(LENGTH / 10),
  commas: `\\boxed{${"1,".repeat(LENGTH / 2)}}`,
  backslashes: "\\".repeat(LENGTH),
  "broken surrogates": "\ud800".repeat(LENGTH),
  nothing: "",
};

/** Pieces that answers are made of, so that arbitrary ones reach deep into a grader. */
const pieces = fc.constantFrom(
  ..."0123456789.,-+*/^_=<>()[]{}$%\\ \n\t".split(""),
  ..."\\boxed{ \\frac{ \\sqrt{ \\text{ \\pi \\left( \\right) <think> </think> <answer> </answer> NaN Infinity null".split(
    " ",
  ),
  "½",
  "−",
  "１",
  "\u0000",
);
const answers = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join("")),
  fc.array(pieces, { maxLength: 20 }).map((parts) => `<think>x</think> \\boxed{${parts.join("")}}`),
);

function rollout(prompt: Prompt, text: string): Rollout {
  return {
    promptId: prompt.id,
    sampleIndex: 0,
    tokens: Int32Array.of(1),
    behaviourLogprobs: Float32Array.of(-1),
    text,
    finishReason: "stop",
  };
}

function expectSoundVerdict(verdict: Verdict): void {
  expect(verdict.reward).toSatisfy(Number.isFinite);
  for (const [component, value] of Object.entries(verdict.components)) {
    expect(value, component).toSatisfy(Number.isFinite);
  }
  const accuracy = verdict.components["accuracy"] ?? 0;
  expect(accuracy).toBeGreaterThanOrEqual(0);
  expect(accuracy).toBeLessThanOrEqual(1);
}

/** What every verifier must hold to: a verdict for any text whatever, the same each time, within bounded time. */
export function describeVerifier<Options>(
  definition: VerifierDefinition<Options>,
  { options = {}, prompts, rightAnswers = [], bound = 5000, runs = 300 }: VerifierSuiteSettings,
): void {
  const create = async () => definition.create(await validatedOptions(definition.optionsSchema, options), { seed: 0 });

  describe(`the verifier ${definition.name}, ${JSON.stringify(options)}`, { timeout: SUITE_TIMEOUT }, () => {
    let verifier: Verifier;
    describeOptions(definition, options);

    beforeAll(async () => {
      verifier = await create();
    });

    it("has a verdict with finite numbers for any answer", () =>
      fc.assert(
        fc.asyncProperty(fc.constantFrom(...prompts), answers, async (prompt, text) => {
          expectSoundVerdict(await verifier.verify(prompt, rollout(prompt, text)));
        }),
        { numRuns: runs },
      ));

    it("has the same verdict each time, whatever it graded before", () =>
      fc.assert(
        fc.asyncProperty(fc.constantFrom(...prompts), answers, answers, async (prompt, text, other) => {
          const verdict = await verifier.verify(prompt, rollout(prompt, text));
          await verifier.verify(prompt, rollout(prompt, other));
          expect(await verifier.verify(prompt, rollout(prompt, text))).toEqual(verdict);
          expect(await (await create()).verify(prompt, rollout(prompt, text))).toEqual(verdict);
        }),
        { numRuns: Math.ceil(runs / 10) },
      ));

    it.each(Object.entries(hostileAnswers))(
      "grades a long answer of %s in bounded time",
      async (_, text) => {
        for (const prompt of prompts) expectSoundVerdict(await verifier.verify(prompt, rollout(prompt, text)));
      },
      bound * prompts.length,
    );

    it(
      "reads a hostile reference answer as calmly as a hostile answer",
      async () => {
        for (const [kind, referenceAnswer] of Object.entries(hostileAnswers)) {
          const prompt = { ...prompts[0]!, referenceAnswer };
          const verdict = await verifier.verify(prompt, rollout(prompt, "\\boxed{1}"));
          expect(verdict.reward, kind).toSatisfy(Number.isFinite);
        }
      },
      bound * Object.keys(hostileAnswers).length,
    );

    it.skipIf(rightAnswers.length === 0)(
      "finds right what is right, and says more for it than for nothing",
      async () => {
        for (const [index, text] of rightAnswers) {
          const prompt = prompts[index]!;
          const right = await verifier.verify(prompt, rollout(prompt, text));
          const nothing = await verifier.verify(prompt, rollout(prompt, ""));
          expect(right.reward, text).toBeGreaterThan(nothing.reward);
        }
      },
    );
  });
}
