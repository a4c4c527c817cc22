import type { Verdict, Verifier } from "@fovea-rl/core";
import { defineVerifier } from "@fovea-rl/core/plugin";
import { z } from "zod";

const scripts = [
  "Latin",
  "Greek",
  "Cyrillic",
  "Han",
  "Hiragana",
  "Katakana",
  "Hangul",
  "Arabic",
  "Hebrew",
  "Devanagari",
  "Thai",
] as const;

const options = z.strictObject({
  /** Scripts that responses may be written in. Greek is among the default ones for mathematics' sake. */
  scripts: z.array(z.enum(scripts)).min(1).default(["Latin", "Greek"]),
  /** What a response wholly in other scripts loses. */
  factor: z.number().nonnegative().default(1),
});

export type LanguageOptions = z.output<typeof options>;

/** A penalty, 0 down to -factor, for letters of other scripts: a model that mixes languages in its reasoning. */
export function languageVerifier({ scripts: allowed, factor }: LanguageOptions): Verifier {
  const letters = /\p{L}/gu;
  const own = new RegExp(`[${allowed.map((script) => `\\p{Script=${script}}`).join("")}]`, "u");
  return {
    name: "language",
    verify(_prompt, { text }): Verdict {
      const found = text.slice(-262_144).match(letters) ?? [];
      const foreign = found.filter((letter) => !own.test(letter)).length;
      const language = foreign === 0 ? 0 : (-factor * foreign) / found.length;
      return {
        reward: language,
        components: { language },
        reason: `${foreign} of ${found.length} letters of other scripts`,
      };
    },
  };
}

export default defineVerifier<LanguageOptions>({ name: "language", optionsSchema: options, create: languageVerifier });
