import { type CreditedRollout, randomGenerator } from "@fovea-rl/core";

const ROLLOUTS = 4;
const TOKENS = 6;

/**
 * Made-up rollouts of one mini-batch with every column that a Loss reads: enough to find out what kind of function it is before
 * anything was sampled.
 */
export function exampleRollouts(columns: readonly string[], seed: number): CreditedRollout[] {
  return Array.from({ length: ROLLOUTS }, (_, sampleIndex) => {
    const random = randomGenerator({ seed, purpose: "example-rollouts", sampleIndex });
    const values = (draw: () => number) => Float32Array.from({ length: TOKENS }, draw);
    // Log-probabilities by their name, weights and marks otherwise.
    const column = (name: string) =>
      values(() => (/logprob/i.test(name) ? -3 * random.uniform() : Math.round(random.uniform())));
    return {
      promptId: "example",
      sampleIndex,
      tokens: Int32Array.from({ length: TOKENS }, () => 0),
      behaviourLogprobs: values(() => -3 * random.uniform()),
      text: "",
      finishReason: "stop",
      verdict: { reward: 0, components: {} },
      credit: {
        advantages: values(() => random.normal()),
        columns: Object.fromEntries(columns.map((name) => [name, column(name)])),
      },
    };
  });
}
