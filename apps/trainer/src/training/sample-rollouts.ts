import {
  FoveaError,
  type Policy,
  type Prompt,
  type RandomKey,
  type Rollout,
  type RolloutGroup,
  type SamplingOptions,
} from "@fovea-rl/core";

/** @throws FoveaError naming a prompt that leaves no room for the longest response. */
function checkPromptLength(policy: Policy, prompt: Prompt, maximumTokens: number): void {
  const length = policy.promptLength(prompt);
  const { maximumContext, supported } = policy.capabilities;
  if (length + maximumTokens > maximumContext) {
    throw new FoveaError(
      `prompt "${prompt.id}" takes ${length} tokens and a response up to ${maximumTokens} (sampling.maximumTokens), together more than the ${maximumContext} that the policy "${policy.name}" can hold`,
    );
  }
  if (prompt.images.length > 0 && !supported.has("images")) {
    throw new FoveaError(`prompt "${prompt.id}" has images, which the policy "${policy.name}" does not support`);
  }
}

function checkRollouts(policy: Policy, groups: readonly RolloutGroup<Rollout>[]): void {
  for (const { prompt, rollouts } of groups) {
    for (const { sampleIndex, tokens, behaviourLogprobs } of rollouts) {
      const name = `rollout ${prompt.id}#${sampleIndex} of the policy "${policy.name}"`;
      if (tokens.length === 0) throw new FoveaError(`${name} has no token, not even the one that ends it`);
      const broken = behaviourLogprobs.findIndex((logprob) => !Number.isFinite(logprob));
      if (broken >= 0) {
        throw new FoveaError(`${name} has the log-probability ${behaviourLogprobs[broken]} at token ${broken}`);
      }
    }
  }
}

/** Draws a group of rollouts for each prompt, having checked that they fit the policy. */
export async function sampleRollouts(
  policy: Policy,
  prompts: readonly Prompt[],
  samplesPerPrompt: number,
  sampling: SamplingOptions,
  randomKey: RandomKey,
): Promise<readonly RolloutGroup<Rollout>[]> {
  for (const prompt of prompts) checkPromptLength(policy, prompt, sampling.maximumTokens);
  const groups = await policy.sample({ prompts, samplesPerPrompt, sampling, randomKey });
  checkRollouts(policy, groups);
  return groups;
}
