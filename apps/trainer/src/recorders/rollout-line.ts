import type { CreditedRollout, Prompt } from "@fovea-rl/core";

/** Seven significant digits tell float32 values apart well enough to read, in half the characters. */
export function roundedNumbers(values: Float32Array): readonly number[] {
  return Array.from(values, (value) => Number(value.toPrecision(7)));
}

/** A line of rollouts/step-N.jsonl. */
export interface RolloutLine {
  readonly step: number;
  readonly promptId: string;
  readonly sampleIndex: number;
  readonly prompt: Prompt["messages"];
  readonly family?: string;
  readonly referenceAnswer: string;
  readonly images: readonly string[];
  readonly perturbedImages?: readonly string[];
  readonly text: string;
  readonly finishReason: "stop" | "length";
  readonly reward: number;
  readonly unshapedReward?: number;
  readonly components: Readonly<Record<string, number>>;
  readonly extracted?: string;
  readonly reason?: string;
  readonly tokens: readonly number[];
  readonly tokenTexts: readonly string[];
  readonly behaviourLogprobs: readonly number[];
  readonly entropies?: readonly number[];
  readonly advantages: readonly number[];
  readonly columns: Readonly<Record<string, readonly number[]>>;
}

/** Everything a reader needs of one rollout, images by the paths they were written to. */
export function rolloutLine(
  step: number,
  prompt: Prompt,
  rollout: CreditedRollout,
  tokenTexts: readonly string[],
  images: readonly string[],
  perturbedImages: readonly string[] | undefined,
): RolloutLine {
  const { verdict, credit, entropies } = rollout;
  return {
    step,
    promptId: prompt.id,
    sampleIndex: rollout.sampleIndex,
    prompt: prompt.messages,
    ...(prompt.family === undefined ? {} : { family: prompt.family }),
    referenceAnswer: prompt.referenceAnswer,
    images,
    ...(perturbedImages === undefined ? {} : { perturbedImages }),
    text: rollout.text,
    finishReason: rollout.finishReason,
    reward: verdict.reward,
    ...(verdict.unshapedReward === undefined ? {} : { unshapedReward: verdict.unshapedReward }),
    components: verdict.components,
    ...(verdict.extracted === undefined ? {} : { extracted: verdict.extracted }),
    ...(verdict.reason === undefined ? {} : { reason: verdict.reason }),
    tokens: Array.from(rollout.tokens),
    tokenTexts,
    behaviourLogprobs: roundedNumbers(rollout.behaviourLogprobs),
    ...(entropies === undefined ? {} : { entropies: roundedNumbers(entropies) }),
    advantages: roundedNumbers(credit.advantages),
    columns: Object.fromEntries(
      Object.entries(credit.columns ?? {}).map(([name, values]) => [name, roundedNumbers(values)]),
    ),
  };
}
