import type { Advantage, GradedRollout, Loss, RewardShaping, Rollout, RolloutGroup } from "@fovea-rl/core";
import type { TabularPolicy } from "./tabular-policy.ts";
import { TabularTask } from "./tabular-task.ts";

const PROMPTS = 8;
const SAMPLES = 8;
const LEARNING_RATE = 0.1;

/**
 * Trains the tabular policy with an algorithm's parts, one mini-batch an update.
 *
 * @returns the accuracy of the rollouts of each update.
 */
export async function trainTabular(
  policy: TabularPolicy,
  parts: { readonly advantage: Advantage; readonly loss: Loss; readonly shaping?: RewardShaping | undefined },
  updates: number,
): Promise<readonly number[]> {
  const task = new TabularTask({ trainPrompts: 0, heldOutPrompts: 1, imageSize: 8 }, 1);
  const miniBatches = [Array.from({ length: PROMPTS }, (_, group) => group)];
  const accuracies: number[] = [];
  for (let step = 0; step < updates; step++) {
    const sampled = await policy.sample({
      prompts: miniBatches[0]!.map((index) => task.prompt("train", step * PROMPTS + index)),
      samplesPerPrompt: SAMPLES,
      sampling: { temperature: 1, topP: 1, topK: 0, maximumTokens: 12 },
      randomKey: { seed: 1, purpose: "sample", step },
    });
    const groups = sampled.map((group): RolloutGroup => {
      const rollouts = group.rollouts.map((rollout): GradedRollout => {
        const graded = { ...rollout, verdict: verdictOn(rollout, group.prompt.referenceAnswer) };
        return parts.shaping ? { ...graded, verdict: parts.shaping.shape(graded, group.prompt) } : graded;
      });
      return { ...group, rollouts };
    });
    const { credit } = await parts.advantage.estimate({ groups, miniBatches, step, seed: 1 });
    const credited = groups.map((group, index) => ({
      ...group,
      rollouts: group.rollouts.map((rollout, sample) => ({ ...rollout, credit: credit[index]![sample]! })),
    }));
    await policy.accumulateGradients({ groups: credited, loss: parts.loss });
    await policy.step({ learningRate: LEARNING_RATE });
    const right = groups.flatMap(({ rollouts }) => rollouts).filter(({ verdict }) => verdict.components["accuracy"]);
    accuracies.push(right.length / (PROMPTS * SAMPLES));
  }
  return accuracies;
}

function verdictOn({ text }: Rollout, answer: string) {
  const accuracy = Number(text.includes(`\\boxed{${answer}}`));
  return { reward: accuracy, components: { accuracy } };
}
