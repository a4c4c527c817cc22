import type { SampleRequest } from "@fovea-rl/core";
import type { SamplePass } from "./passes.ts";
import type { SampleSettings } from "./sample-responses.ts";
import type { ModelPrompt } from "./token-batch.ts";

/**
 * The passes that sample responses to all prompts, in order, each of at most `rows` responses or of one prompt.
 *
 * @param encoded the request's prompts.
 */
export function createSamplePasses(
  { prompts, samplesPerPrompt, randomKey }: SampleRequest,
  encoded: readonly ModelPrompt[],
  rows: number,
  settings: SampleSettings,
): SamplePass[] {
  const promptsAtOnce = Math.max(1, Math.floor(rows / samplesPerPrompt));
  const passes: SamplePass[] = [];
  for (let start = 0; start < prompts.length; start += promptsAtOnce) {
    const end = start + promptsAtOnce;
    const randomKeys = prompts
      .slice(start, end)
      .map(({ id }) =>
        Array.from({ length: samplesPerPrompt }, (_, sampleIndex) => ({ ...randomKey, promptId: id, sampleIndex })),
      );
    passes.push({ prompts: encoded.slice(start, end), randomKeys, settings });
  }
  return passes;
}
