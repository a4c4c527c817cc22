import type { OverlongPenaltyOptions } from "@fovea-rl/core";
import type { EquivalenceSettings } from "./equivalence/settings.ts";
import type { ExtractionOptions } from "./extraction/extract-answer.ts";

/** Everything that the mathematics verifier's reward depends on. */
export interface MathSettings {
  readonly extraction: Partial<ExtractionOptions>;
  readonly equivalence: Partial<EquivalenceSettings>;
  /** What a right and a wrong answer are worth. */
  readonly right: number;
  readonly wrong: number;
  readonly accuracyWeight: number;
  /** Above 0, a response of the form `<think>...</think>` and a box earns this much beside. */
  readonly formatWeight: number;
  /** Where set, too long responses lose: for algorithms that do not do so themselves (DAPO's package does). */
  readonly overlong?: OverlongPenaltyOptions | undefined;
}

const plain: MathSettings = {
  extraction: {},
  equivalence: {},
  right: 1,
  wrong: 0,
  accuracyWeight: 1,
  formatWeight: 0,
};

const strictBox = { methods: ["boxed"], boxes: "last" } as const;

/** Rewards as published work had them, by name. */
export const presets = {
  /** Every place an answer can stand in. */
  default: plain,
  /** VPPO: accuracy of the last box and nothing else. (Theirs also looked into the thinking; ours never does.) */
  vppo: { ...plain, extraction: strictBox },
  /** EasyR1's mathematics reward: 0.9 accuracy of the last box + 0.1 format. */
  easyr1: { ...plain, extraction: strictBox, accuracyWeight: 0.9, formatWeight: 0.1 },
  /** DAPO: +1 or -1, with overlong shaping where its lengths are given. */
  dapo: { ...plain, right: 1, wrong: -1 },
  /** Math-Verify's defaults: an inequality does not answer a reference that is a set. */
  "math-verify": { ...plain, equivalence: { inequalityForSet: false } },
  /** The MATH-Vision benchmark's own script: a letter or a value counts, "(B) 12" does not. */
  mathvision: { ...plain, equivalence: { letterWithValue: "refused" } },
} as const satisfies Record<string, MathSettings>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as [PresetName, ...PresetName[]];
