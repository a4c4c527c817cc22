import type { Verdict, Verifier } from "@fovea-rl/core";
import { defineVerifier } from "@fovea-rl/core/plugin";
import { z } from "zod";

const options = z.strictObject({
  /** How many words in a row make one piece. */
  words: z.number().int().min(1).max(64).default(8),
  /** The share of repeated pieces that costs nothing. */
  allowed: z.number().min(0).max(1).default(0.1),
  /** What a response of nothing but repetition loses. */
  factor: z.number().nonnegative().default(1),
});

export type RepetitionOptions = z.output<typeof options>;

const longestText = 262_144;
/** Words, and each character of scripts that do not part words. */
const piece =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]{1,64}/gu;

/** The share of a text's runs of `count` words that occurred before in it, 0 to 1. */
export function repeatedShare(text: string, count: number): number {
  const words = text.slice(-longestText).match(piece) ?? [];
  const total = words.length - count + 1;
  if (total < 1) return 0;
  const seen = new Set<string>();
  for (let start = 0; start < total; start++) seen.add(words.slice(start, start + count).join(" "));
  return 1 - seen.size / total;
}

/** A penalty, 0 down to -factor, for responses that repeat themselves. */
export function repetitionVerifier({ words, allowed, factor }: RepetitionOptions): Verifier {
  return {
    name: "repetition",
    verify(_prompt, { text }): Verdict {
      const share = repeatedShare(text, words);
      const excess = allowed < 1 ? Math.max(0, share - allowed) / (1 - allowed) : 0;
      const repetition = excess === 0 ? 0 : -factor * excess;
      return { reward: repetition, components: { repetition }, reason: `${Math.round(share * 100)} % repeated` };
    },
  };
}

export default defineVerifier<RepetitionOptions>({
  name: "repetition",
  optionsSchema: options,
  create: repetitionVerifier,
});
